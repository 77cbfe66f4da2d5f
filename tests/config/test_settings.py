"""Settings: the shown defaults are the real ones, and every mistake is told with its line."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.issues import ConfigError
from config.settings import Settings, load_settings, places_of_keys
from config.settings_schema import EXAMPLE_OPERATOR, Endpoint, PeerEntry, SettingsGroup, parse_endpoint

SHOWN = Path(__file__).parents[2] / "config" / "ocs.toml"


def _words(folder: Path, text: str, overrides: dict[str, object] | None = None) -> list[str]:
    path = folder / "f.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, overrides)
    return [str(issue).replace(str(path), "f") for issue in caught.value.issues]


def test_shown_file_changes_nothing() -> None:
    """The file as it comes, all commented out, gives the defaults."""
    assert load_settings(SHOWN) == load_settings(None) == Settings()


def test_shown_defaults_are_the_defaults(tmp_path: Path) -> None:
    """Every setting is in the file, and with its comment sign taken away it says what holds anyway."""
    text = re.sub(r"(?m)^# (?=[a-z_]+ = )", "", SHOWN.read_text())
    (tmp_path / "f.toml").write_text(text)
    assert load_settings(tmp_path / "f.toml") == Settings()
    shown = {(group, key) for group, table in tomllib.loads(text).items() for key in table}
    groups = {name: getattr(Settings(), name) for name in Settings.model_fields}
    assert all(isinstance(group, SettingsGroup) for group in groups.values())
    assert shown == {(name, key) for name, group in groups.items() for key in type(group).model_fields}


def test_settings_of_a_file_hold(tmp_path: Path) -> None:
    """What a file says replaces the default; the rest stays."""
    (tmp_path / "f.toml").write_text(
        """
[diameter]
origin_host = "ocs1.op.example"
origin_realm = "op.example"
listen = ["0.0.0.0:3868", "[::]:3868"]
peers = [{ origin_host = "pgw.op.example" }, { realm = "gw.op.example" }, { address = "10.0.0.0/8" }]
[store]
data_dir = "/var/lib/ocs"
[records]
rotate_s = 60
"""
    )
    settings = load_settings(tmp_path / "f.toml")
    assert settings.diameter.listen == [Endpoint("0.0.0.0", 3868), Endpoint("::", 3868)]
    assert settings.diameter.peers == [
        PeerEntry(origin_host="pgw.op.example"),
        PeerEntry(realm="gw.op.example"),
        PeerEntry(address="10.0.0.0/8"),
    ]
    assert settings.served_realms == ["op.example"]
    assert settings.records_directory == Path("/var/lib/ocs/cdr")
    assert settings.records.rotate_s == 60
    assert settings.limits == Settings().limits


def test_defaults_lead_to_the_example_operator() -> None:
    """Without a word the catalogue is the example's, and the records lie in the data directory."""
    settings = load_settings(None)
    assert settings.catalogue_path == EXAMPLE_OPERATOR
    assert (EXAMPLE_OPERATOR / "catalogue.yaml").is_file()
    assert settings.data_directory == Path("data")
    assert settings.records_directory == Path("data/cdr")
    assert settings.diameter.listen == [Endpoint("127.0.0.1", 3868)]


def test_command_line_wins(tmp_path: Path) -> None:
    """Overrides replace what the file says, are checked like it, and are told as the command line's."""
    (tmp_path / "f.toml").write_text('[store]\nurl = "redis://a"\ndata_dir = "x"\n')
    overrides = {"store.url": "memory:", "diameter.listen": ["127.0.0.1:0"], "metrics.listen": "[::1]:80"}
    settings = load_settings(tmp_path / "f.toml", overrides)
    assert (settings.store.url, settings.store.data_dir) == ("memory:", "x")
    assert settings.diameter.listen == [Endpoint("127.0.0.1", 0)]
    assert settings.metrics.listen == Endpoint("::1", 80)
    assert _words(tmp_path, "", {"metrics.listen": "here"}) == [
        (
            "command line: metrics.listen: 'here' is not HOST:PORT\n"
            "    hint: write it such as '127.0.0.1:3868' or '[::1]:3868'"
        )
    ]


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("[stor]\nurl = 'x'", "f:1:1: unknown table 'stor'", "did you mean 'store'?"),
        ("x = 1", "f:1:1: unknown table 'x'", "known: catalogue, charging"),
        ("\n[store]\n  urll = 'x'", "f:3:3: unknown setting 'store.urll'", "did you mean 'url'?"),
        ("[store]\nurl = 1", "f:2:1: store.url: 1 is not a text", ""),
        ("store.url = 1", "f:1:1: store.url: 1 is not a text", ""),
        ("store = 1", "f:1:1: store: 1 is not a table", ""),
        (
            "[limits]\nbatch_size = 0",
            "f:2:1: limits.batch_size: 0 is below 1",
            "",
        ),
        ("[limits]\nbatch_size = '5'", "f:2:1: limits.batch_size: '5' is not a whole number", ""),
        ("[limits]\nbatch_size = true", "f:2:1: limits.batch_size: True is not a whole number", ""),
        (
            "[log]\nlevel = 'loud'",
            "f:2:1: log.level: 'loud' is not one of 'debug', 'info', 'warning' or 'error'",
            "",
        ),
        (
            "[diameter]\norigin_host = 'a b'",
            "f:2:1: diameter.origin_host: 'a b' is not a DiameterIdentity",
            "a fully qualified host",
        ),
        (
            "[diameter]\nlisten = ['127.0.0.1']",
            "f:2:1: diameter.listen.0: '127.0.0.1' is not HOST:PORT",
            "write it such as",
        ),
        (
            "[tls]\nlisten = ['0.0.0.0:5868']",
            "f:1:1: tls: 'listen' needs 'certificate_file' and 'key_file'",
            "",
        ),
        ("[store]\nurl = redis", "f:2:7: Invalid value", "texts need quotes in TOML"),
        ("[store]\nurl = 'a'\nurl = 'b'", "f:3: Cannot overwrite a value", ""),
    ],
)
def test_mistake_has_its_line(tmp_path: Path, text: str, words: str, hint: str) -> None:
    """A wrong setting is told with line, name and reason."""
    found = _words(tmp_path, text)
    assert len(found) == 1
    message, _, told_hint = found[0].partition("\n    hint: ")
    assert message == words
    assert told_hint.startswith(hint)
    assert bool(told_hint) == bool(hint)


def test_mistake_in_a_peer_has_its_line(tmp_path: Path) -> None:
    """Peers are told by their number, inline or as tables."""
    tables = "[[diameter.peers]]\nrealm = 'a'\n[[diameter.peers]]\naddress = '10.0.0.1/8'\n"
    hint = "\n    hint: write it such as '10.0.0.0/8' or '192.0.2.7'"
    message = "diameter.peers.1.address: 10.0.0.1/8 has host bits set"
    assert _words(tmp_path, tables) == [f"f:4:1: {message}{hint}"]
    inline = "[diameter]\npeers = [{realm = 'a'}, {address = '10.0.0.1/8'}]\n"
    assert _words(tmp_path, inline) == [f"f:2:1: {message}{hint}"]


def test_peer_is_named_by_one_thing(tmp_path: Path) -> None:
    """An entry that names nothing, or two things, is refused."""
    for entry in ("{}", "{realm = 'a', origin_host = 'b'}"):
        assert _words(tmp_path, f"[diameter]\npeers = [{entry}]\n") == [
            "f:2:1: diameter.peers.0: a peer is named by exactly one of 'origin_host', 'realm' and 'address'"
        ]
    assert _words(tmp_path, "[diameter]\npeers = 'some'\n") == ["f:2:1: diameter.peers: 'some' is not a list"]


def test_all_mistakes_are_told_in_order(tmp_path: Path) -> None:
    """Each wrong setting has its issue, in the order of the file."""
    text = "[log]\nlevel = 1\nformat = 2\n[limits]\nconnections = -1\n[x]\n"
    assert [word.split(":")[1] for word in _words(tmp_path, text)] == ["2", "3", "5", "6"]


def test_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    """A missing file, and one that is not text, are mistakes like others."""
    with pytest.raises(ConfigError, match="can not be read: No such file or directory"):
        load_settings(tmp_path / "nowhere.toml")
    (tmp_path / "f.toml").write_bytes(b"\n\xff")
    with pytest.raises(ConfigError, match=r"f\.toml:2: the file is not UTF-8"):
        load_settings(tmp_path / "f.toml")


@given(st.text())
def test_scanning_for_places_takes_any_text(text: str) -> None:
    """Whatever a file holds, looking for lines of keys ends well."""
    places_of_keys(text)


@pytest.mark.parametrize("text", ["", ":1", "a", "a:", "a:x", "a:65536", "::1:80", "a:1:2", "a:-1", "a:٣"])
def test_text_that_is_no_endpoint(text: str) -> None:
    """Only HOST:PORT with a port of TCP is an endpoint; IPv6 needs its brackets."""
    with pytest.raises(ValueError, match="is not HOST:PORT"):
        parse_endpoint(text)


def test_endpoint_prints_as_it_is_written() -> None:
    """An endpoint's text reads back as the same endpoint."""
    for text in ("127.0.0.1:3868", "[::1]:3868", "localhost:0"):
        assert str(parse_endpoint(text)) == text
