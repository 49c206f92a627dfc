"""The commands that run models, show what they said, and decide on it."""

from __future__ import annotations

from medview.app.command_rules import Run, Test, has_image
from medview.app.commands import Command, Context
from medview.app.decisions import Verdict
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.run_on_open import cancel_runs, has_runs


def _next_finding(step: int) -> Run:
    def run(context: Context) -> None:
        context.workspace.show_next_finding(step)

    return run


def _can_be_read(context: Context) -> bool:
    return context.workspace.active_viewport.study is not None


def _is_read(context: Context) -> bool:
    study = context.workspace.active_viewport.study
    return study is not None and context.workspace.read_first.is_read(study)


def _has_selected_finding(context: Context) -> bool:
    return bool(context.workspace.worklist.chosen())


def _decide(verdict: Verdict) -> Run:
    def run(context: Context) -> None:
        context.workspace.worklist.toggle(verdict)

    return run


def _is_decided(verdict: Verdict) -> Test:
    def checked(context: Context) -> bool:
        return context.workspace.worklist.verdict() == verdict

    return checked


def ai_commands() -> tuple[Command, ...]:
    """Models and what they said."""
    return (
        Command(
            "ai.run",
            QT_TRANSLATE_NOOP("Command", "Run the model that fits best"),
            "ai",
            lambda c: c.shell.run_suggested_model(),
            ("Ctrl+R",),
            "brain",
            7,
            QT_TRANSLATE_NOOP("Command", "Run"),
            enabled=has_image,
        ),
        Command(
            "ai.cancel",
            QT_TRANSLATE_NOOP("Command", "Cancel all runs of models"),
            "ai",
            lambda c: cancel_runs(c.workspace),
            enabled=lambda c: has_runs(c.workspace),
        ),
        Command(
            "ai.explain",
            QT_TRANSLATE_NOOP("Command", "Question a model: why, how sure, what another one says…"),
            "ai",
            lambda c: c.shell.ask_why(),
            ("Y",),
            enabled=has_image,
            scope="image",
        ),
        Command(
            "ai.toggle",
            QT_TRANSLATE_NOOP("Command", "Hide or show AI and overlays"),
            "ai",
            lambda c: c.workspace.toggle_ai(),
            ("J",),
            "eye",
            7,
            QT_TRANSLATE_NOOP("Command", "AI"),
            checked=lambda c: c.workspace.ai_visible,
        ),
        Command(
            "ai.read_first",
            QT_TRANSLATE_NOOP("Command", "Read first: AI stays hidden until then"),
            "ai",
            lambda c: c.workspace.read_first.set_on(not c.workspace.read_first.is_on),
            ("Ctrl+Alt+J",),
            checked=lambda c: c.workspace.read_first.is_on,
        ),
        Command(
            "study.read",
            QT_TRANSLATE_NOOP("Command", "The study is read: show AI"),
            "ai",
            lambda c: c.workspace.read_first.mark_read(),
            ("Ctrl+Return",),
            enabled=_can_be_read,
            checked=_is_read,
        ),
        Command(
            "ai.next_finding",
            QT_TRANSLATE_NOOP("Command", "Next finding"),
            "ai",
            _next_finding(1),
            ("N",),
            enabled=has_image,
        ),
        Command(
            "ai.previous_finding",
            QT_TRANSLATE_NOOP("Command", "Previous finding"),
            "ai",
            _next_finding(-1),
            ("Shift+N",),
            enabled=has_image,
        ),
        Command(
            "findings.accept",
            QT_TRANSLATE_NOOP("Command", "Accept the finding"),
            "ai",
            _decide("accepted"),
            ("Return", "Enter"),
            enabled=_has_selected_finding,
            checked=_is_decided("accepted"),
            scope="image",
            section=1,
        ),
        Command(
            "findings.reject",
            QT_TRANSLATE_NOOP("Command", "Reject the finding"),
            "ai",
            _decide("rejected"),
            ("X",),
            enabled=_has_selected_finding,
            checked=_is_decided("rejected"),
            scope="image",
            section=1,
        ),
        Command(
            "ai.install",
            QT_TRANSLATE_NOOP("Command", "Install a model package…"),
            "ai",
            lambda c: c.shell.ask_for_package(),
            section=2,
        ),
    )
