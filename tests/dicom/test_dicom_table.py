"""docs/dicom.md says of every file of three corpora what becomes of it; made again here, row for row."""

import pytest

from tests.validation.dicom import PAGE, Corpus, corpora, table
from tests.validation.dicom_rows import rows


@pytest.mark.parametrize("corpus", corpora(), ids=lambda corpus: corpus.name.split()[0])
def test_every_file_is_answered_as_the_page_says(corpus: Corpus) -> None:
    if corpus.root is None:
        pytest.skip(f"{corpus.name}: absent (TWINVIEWER_DATA, PYDICOM_DATA)")
    found = list(rows(corpus.root, corpus.single))
    assert not [row.line() for row in found if row.state == "wrong"]
    begin, end = corpus.marks
    page = PAGE.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0].strip().splitlines()
    made = table(found)
    assert sorted(set(made) - set(page)) == [] and sorted(set(page) - set(made)) == [], "write the page again"
