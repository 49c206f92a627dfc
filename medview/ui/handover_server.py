"""The listening end of `medview.app.handover`: paths of a second start arrive in the open window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from medview.app.handover import LARGEST_MESSAGE, endpoint, endpoint_folder, is_private, paths_from_message


class HandoverServer(QObject):
    """Listens while the window is open; ``received`` gets the paths of each second start."""

    def __init__(self, received: Callable[[list[str]], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._received = received
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)
        self._parts: dict[QLocalSocket, bytearray] = {}

    def start(self) -> bool:
        """Begin to listen; False where another window of this user listens already or the folder is not private."""
        folder = endpoint_folder()
        if folder:
            try:
                Path(folder).mkdir(mode=0o700, exist_ok=True)
            except OSError:
                return False
            if not is_private(folder):
                return False
        if self._somebody_listens():
            return False
        QLocalServer.removeServer(endpoint())  # left behind by a crash: nobody answers there
        return self._server.listen(endpoint())

    @staticmethod
    def _somebody_listens() -> bool:
        probe = QLocalSocket()
        probe.connectToServer(endpoint())
        listening = probe.waitForConnected(100)
        probe.abort()
        return listening

    def _accept(self) -> None:
        while self._server.hasPendingConnections():
            connection = self._server.nextPendingConnection()
            self._parts[connection] = bytearray()
            connection.readyRead.connect(lambda one=connection: self._read(one))
            connection.disconnected.connect(lambda one=connection: self._forget(one))
            if connection.bytesAvailable():
                self._read(connection)

    def _forget(self, connection: QLocalSocket) -> None:
        self._parts.pop(connection, None)
        connection.deleteLater()

    def _read(self, connection: QLocalSocket) -> None:
        part = self._parts.get(connection)
        if part is None:
            return
        part += bytes(connection.readAll().data())
        if len(part) > LARGEST_MESSAGE:
            connection.abort()
            return
        line, separator, _rest = bytes(part).partition(b"\n")
        if not separator:
            return
        part.clear()
        paths = paths_from_message(line)
        connection.write(b"ok\n" if paths is not None else b"no\n")
        connection.flush()
        connection.disconnectFromServer()
        if paths is not None:
            self._received(paths)

    def close(self) -> None:
        """Stop listening; the endpoint is gone."""
        self._server.close()
