"""Review of proposed quotes: list, decision with the token; an ingested text is as reliable as its source."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from graph.errors import InputError
from graph.quotes.review import proposed_quotes, read_proposed_quotes
from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.ingest import ingest
from graph.write.writer import Session
from tests.graph.quotes.test_propose import FUNDED, NAMED, SAYS, TITLE, article, evidence
from tests.support.folder import FILES, write_folder
from web.app import create_app
from web.cli.main import cli
from web.services import compose
from web.settings import Settings

TOKEN = "a long random text"


@pytest.fixture
def offered(home: Home, session: Session, tmp_path: Path) -> str:
    """IRI of the only proposed quote."""
    build(session, load(write_folder(tmp_path / "data", NAMED)), built={})
    ingest(session, home, [article(tmp_path, f"It is a short guide. {SAYS}")])
    (iri,) = proposed_quotes(Snapshot.open(home.require()))
    return iri


def client_of(home: Home, token: str | None) -> FlaskClient:
    return create_app(compose(Settings(home=home.root, cache=home.root / "none", token=token))).test_client()


def test_a_proposed_quote_names_the_claim_it_would_support(home: Home, offered: str) -> None:
    (proposal,) = read_proposed_quotes(Snapshot.open(home.require()), [offered])
    assert (proposal.subject.label, proposal.object.value.rpartition("/")[2]) == ("Creative Scale-Up", "dcms")
    assert proposal.quote == SAYS
    assert proposal.passage.text[proposal.passage.text.index(SAYS) :].startswith(proposal.quote)


def test_its_text_is_as_reliable_as_the_source(home: Home, session: Session, offered: str, tmp_path: Path) -> None:
    def reliability() -> set[str | None]:
        documents = Snapshot.open(home.require()).documents()
        return {document.reliability for document in documents if document.collection == "default"}

    assert reliability() == {"official"}
    ranked = {**NAMED, "sources.ttl": NAMED["sources.ttl"].replace('"official"', '"press"')}
    build(session, load(write_folder(tmp_path / "ranked", ranked)), built={})
    assert reliability() == {"press"}
    other = {name: text.replace("source/gov>", "source/elsewhere>") for name, text in {**FILES, **NAMED}.items()}
    other["sources.ttl"] = other["sources.ttl"].replace(TITLE, "Else").replace("example.org/guide", "example.org/else")
    build(session, load(write_folder(tmp_path / "later", other)), built={})
    assert reliability() == {"secondary"}  # what it was given


def test_the_document_and_the_list_show_it(home: Home, offered: str) -> None:
    client = client_of(home, None)
    document = offered.partition("/quote/")[0]
    page = client.get(f"/entity?iri={document}", follow_redirects=True).text
    assert "1 quote offered to claims of its source" in page
    listed = client.get(f"/quotes?document={document}").text
    assert f"creative-atlas quotes --accept {offered}" in listed and 'name="token"' not in listed
    assert "No quote waits" in client.get("/quotes?document=urn:other").text
    refused = client.post("/quotes", data={"accept": offered, "token": "x"}, headers={"Accept": "application/json"})
    assert refused.status_code == 403
    assert proposed_quotes(Snapshot.open(home.require())) == [offered]


@pytest.mark.parametrize(("choice", "kind", "reviewed"), [("accept", "quoted", True), ("reject", "cited", False)])
def test_a_decision_requires_the_token(tmp_path: Path, choice: str, kind: str, reviewed: bool) -> None:
    home = Home(tmp_path / "atlas")
    services = compose(Settings(home=home.root, cache=tmp_path / "none", token=TOKEN))
    from graph.write.writer import Writer
    from tests.support.small import NoIndex

    with Writer(home, NoIndex()).session() as session:
        build(session, load(write_folder(tmp_path / "data", NAMED)), built={})
        ingest(session, home, [article(tmp_path, SAYS)])
    (iri,) = proposed_quotes(Snapshot.open(home.require()))
    client = create_app(services).test_client()
    try:
        wrong = client.post("/quotes", data={choice: iri, "token": "guess"})
        assert wrong.status_code == 403 and "Nothing was changed" in wrong.text
        assert client.post("/quotes", data={choice: iri}).status_code == 401
        assert client.post("/quotes", data={choice: "urn:no-quote", "token": TOKEN}).status_code == 400
        assert proposed_quotes(Snapshot.open(home.require())) == [iri]
        response = client.post("/quotes", data={choice: iri, "token": TOKEN})
        assert (response.status_code, response.headers["Location"]) == (303, "/quotes")
    finally:
        services.close()
    assert proposed_quotes(Snapshot.open(home.require())) == []
    item = evidence(home)[FUNDED]
    assert item.kind == kind
    if reviewed:
        assert item.offered is False


def test_the_command_lists_and_decides(home: Home, offered: str) -> None:
    listed = CliRunner().invoke(cli, ["quotes", "--home", str(home.root)])
    assert listed.exit_code == 0, listed.output
    assert offered in listed.output and SAYS in listed.output and "1 quote waits for a decision." in listed.output
    refused = CliRunner().invoke(cli, ["quotes", "--accept", "urn:none", "--home", str(home.root)])
    assert isinstance(refused.exception, InputError)


@pytest.mark.parametrize(("token", "status"), [(None, 403), (TOKEN, 401)])
def test_the_token_is_checked_before_the_atlas_is_opened(tmp_path: Path, token: str | None, status: int) -> None:
    client = client_of(Home(tmp_path / "none"), token)  # there is no atlas to open
    assert client.post("/quotes", data={"accept": "urn:any"}).status_code == status
