"""The memory that a worker may take, where no kernel of the right kind is at hand to ask."""

from __future__ import annotations

import ctypes
import os

import pytest

from medview.jobs.worker_loop import _WindowsJob


class _Basic(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION as winnt.h has it for 64 bit."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class _Extended(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("BasicLimitInformation", _Basic),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the layout of 64 bit")
def test_the_limit_stands_where_windows_looks_for_it() -> None:
    packed = _WindowsJob.packed(3 << 30)
    assert len(packed) == ctypes.sizeof(_Extended)
    limits = _Extended.from_buffer_copy(packed)
    assert limits.ProcessMemoryLimit == 3 << 30
    assert limits.BasicLimitInformation.LimitFlags == 0x100  # JOB_OBJECT_LIMIT_PROCESS_MEMORY and nothing else
    assert limits.JobMemoryLimit == 0


@pytest.mark.skipif(os.name == "nt", reason="it would limit the tests themselves")
def test_without_that_kernel_nothing_happens() -> None:
    _WindowsJob().limit(1 << 30)
