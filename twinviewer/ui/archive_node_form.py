"""The form of one archive: how it is spoken to, where it is, who we are there. It says what is missing as one types."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from twinviewer.archive.node import Node, objection
from twinviewer.ui.archive_fields import FileField, Labelled, line
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.page import Action, Note, quiet_label
from twinviewer.ui.switch import LabelledSwitch
from twinviewer.ui.theme import Look

KINDS = {"dicomweb": "DICOMweb (https)", "dimse": "DIMSE (C-FIND, C-GET, C-MOVE)"}
LOGINS = {"none": "No login", "bearer": "Token (bearer)", "basic": "Name and password"}
FETCHES = {"get": "C-GET: over our own connection", "move": "C-MOVE: the archive calls us back"}
KEPT = "Leave empty to keep the one that is stored"


class NodeForm(QWidget):
    """``save_asked`` carries the Node, the secret ("" = as it was) and whether to keep it on this machine;
    ``test_asked`` the same Node and secret; ``remove_asked`` the Node as it was; ``closed`` when it is put away."""

    save_asked = Signal(object, str, bool)
    test_asked = Signal(object, str)
    remove_asked = Signal(object)
    closed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._shown = Node("")
        self._taken: frozenset[str] = frozenset()
        self.head = QLabel("An archive")
        self.head.setProperty("role", "section")
        self._make_fields()
        inside = QWidget()
        inside.setObjectName("page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(8)
        for one in self.rows:
            column.addWidget(one)
        column.addStretch(1)
        area = QScrollArea()
        area.setObjectName("panelScroll")
        area.setWidgetResizable(True)
        area.setWidget(inside)
        self.note = Note(look)
        self.test = Action("Test", "check", look)
        self.test.setToolTip("Call the archive and see whether it answers (C-ECHO, or a search for one study)")
        self.save = Action("Save", "save", look, primary=True)
        self.remove = Action("Remove", "trash", look)
        self.back = Action("Cancel", "cancel", look)
        buttons, lower = QHBoxLayout(), QHBoxLayout()
        for row, pair in ((buttons, (self.test, self.save)), (lower, (self.remove, self.back))):
            row.setSpacing(8)
            for button in pair:
                row.addWidget(button, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addWidget(self.head)
        whole.addWidget(area, 1)
        whole.addWidget(self.note)
        whole.addLayout(buttons)
        whole.addLayout(lower)
        self.test.clicked.connect(lambda: self.test_asked.emit(self.node(), self.secret.text()))
        self.save.clicked.connect(self._save)
        self.remove.clicked.connect(lambda: self.remove_asked.emit(self._shown))
        self.back.clicked.connect(self.closed)

    def _make_fields(self) -> None:
        self.name = line("Hospital's archive", most=60)
        self.kind, self.login, self.fetch = ComboBox(), ComboBox(), ComboBox()
        for box, known in ((self.kind, KINDS), (self.login, LOGINS), (self.fetch, FETCHES)):
            for key, text in known.items():
                box.addItem(text, key)
            box.currentIndexChanged.connect(self._changed)
        self.url = line("https://pacs.hospital.org/dicom-web", "The root under which /studies stands")
        self.user = line()
        self.secret = line(most=20_000)
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep = LabelledSwitch(self.look, "Keep it on this machine, in a file that only you can read")
        self.host = line("pacs.hospital.org", most=253)
        self.port, self.listen_port = _port(), _port()
        self.called = line("its AE title", "The archive's application entity title", 16)
        self.calling = line("our AE title", "What we call ourselves; the archive's administrator must know it", 16)
        self.listen_host = line("127.0.0.1", "An address of this machine that the archive can reach", 253)
        self.tls = LabelledSwitch(self.look, "Encrypt (TLS); its certificate is verified")
        self.ca_file = FileField(self.look, "the system's", "Certificates to trust (PEM)")
        self.certificate = FileField(self.look, "none", "Our certificate (PEM)")
        self.private_key = FileField(self.look, "none", "Our private key (PEM)")
        self.secret_row = Labelled("Token", self.secret)
        self.user_row = Labelled("User's name", self.user)
        self.url_row = Labelled("Address", self.url)
        self.login_row = Labelled("Login", self.login)
        self.host_row = Labelled("Host", self.host)
        self.port_row = Labelled("Port", self.port)
        self.titles_row = Labelled("AE titles: the archive's, ours", self.called, self.calling)
        self.called.setAccessibleName("AE title of the archive")
        self.calling.setAccessibleName("Our AE title")
        self.fetch_row = Labelled("Images come by", self.fetch)
        self.listen_row = Labelled("We listen at address and port", self.listen_host, self.listen_port)
        self.listen_port.setAccessibleName("Port that we listen at")
        self.listen_note = quiet_label("Only while series are retrieved. The archive must know this address.")
        self.ca_row = Labelled("Certificates to trust", self.ca_file)
        self.ours_row = Labelled("Our certificate and key, if it asks", self.certificate)
        self.rows: tuple[QWidget, ...] = (
            Labelled("Name", self.name), Labelled("Kind", self.kind), self.url_row, self.login_row, self.user_row,
            self.secret_row, self.keep, self.host_row, self.port_row, self.titles_row, self.fetch_row, self.listen_row,
            self.listen_note, self.tls, self.ca_row, self.ours_row, self.private_key,
        )  # fmt: skip
        for typed in (self.name, self.url, self.user, self.secret, self.host, self.called, self.calling,
                      self.listen_host, self.port, self.listen_port):  # fmt: skip
            typed.textChanged.connect(self._changed)
        for file in (self.ca_file, self.certificate, self.private_key):
            file.changed.connect(self._changed)
        self.tls.toggled.connect(self._changed)

    def show_node(self, node: Node, taken: frozenset[str], kept_secret: bool) -> None:
        """Fill the form. taken: names of the other archives. kept_secret: one is stored on this machine."""
        self._shown, self._taken = node, taken
        self.head.setText("THIS ARCHIVE" if node.name else "A NEW ARCHIVE")
        for key in ("name", "url", "user", "host", "called", "calling", "listen_host"):
            getattr(self, key).setText(getattr(node, key))
        for key in ("ca_file", "certificate", "private_key"):
            getattr(self, key).setText(getattr(node, key))
        for key in ("kind", "login", "fetch"):
            box = getattr(self, key)
            box.setCurrentIndex(box.findData(getattr(node, key)))
        self.port.setText(str(node.port))
        self.listen_port.setText(str(node.listen_port))
        self.tls.setChecked(node.tls)
        self.secret.clear()
        self.secret.setPlaceholderText(KEPT if kept_secret else "")
        self.keep.setChecked(kept_secret)
        self.remove.setVisible(bool(node.name))
        self._changed()
        self.note.say("")
        self.name.setFocus()

    def node(self) -> Node:
        """What the form says."""
        return replace(
            self._shown,
            name=self.name.text().strip(), kind=self.kind.currentData(), url=self.url.text().strip(),
            login=self.login.currentData(), user=self.user.text().strip(), host=self.host.text().strip(),
            port=int(self.port.text() or 0), called=self.called.text().strip(), calling=self.calling.text().strip(),
            fetch=self.fetch.currentData(), listen_host=self.listen_host.text().strip(),
            listen_port=int(self.listen_port.text() or 0), tls=self.tls.isChecked(), ca_file=self.ca_file.text(),
            certificate=self.certificate.text(), private_key=self.private_key.text(),
        )  # fmt: skip

    def why_not(self) -> str:
        """What stands in the way of saving, "" for nothing."""
        node = self.node()
        if node.name in self._taken:
            return "Another archive has this name"
        return objection(node)[1]

    def _save(self) -> None:
        self.save_asked.emit(self.node(), self.secret.text(), self.keep.isChecked())

    def _changed(self, *_: object) -> None:
        node = self.node()
        web, dimse = node.kind == "dicomweb", node.kind == "dimse"
        login, move = web and node.login != "none", dimse and node.fetch == "move"
        self.secret_row.label.setText("Token" if node.login == "bearer" else "Password")
        for one, on in (
            (self.url_row, web), (self.login_row, web), (self.user_row, web and node.login == "basic"),
            (self.secret_row, login), (self.keep, login), (self.host_row, dimse), (self.port_row, dimse),
            (self.titles_row, dimse), (self.fetch_row, dimse), (self.listen_row, move), (self.listen_note, move),
            (self.tls, dimse), (self.ca_row, node.encrypted), (self.ours_row, node.encrypted),
            (self.private_key, node.encrypted),
        ):  # fmt: skip
            one.setVisible(on)
        why = self.why_not()
        self.save.allow(not why, why)
        self.test.allow(not why, why, "Call the archive and see whether it answers")
        typed = bool(node.name and (node.url if web else node.host))
        if why and typed:
            self.note.say(why, "caution")
        elif not why and dimse and not node.tls and not node.local:
            self.note.say("Not encrypted: names and images can be read on the way.")
        else:
            self.note.say("")


def _port() -> QLineEdit:
    made = line(most=5)
    made.setValidator(QIntValidator(1, 65535, made))
    return made
