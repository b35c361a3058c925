"""Transactions on the wire, read and written as table storage documents them."""

import pytest
from azure.core.rest import HttpRequest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.azure.storage.changesets import Answer, code_of, read, write

# As in "Performing entity group transactions" of the service's REST documentation.
DOCUMENTED = b"""--batchresponse_4c637ba4-b2f8-40f8-8856-c2d10d163a83\r
Content-Type: multipart/mixed; boundary=changesetresponse_4e2f27f8-a6c8-4fa3-9b7f-8ddd4a4f4b4c\r
\r
--changesetresponse_4e2f27f8-a6c8-4fa3-9b7f-8ddd4a4f4b4c\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
\r
HTTP/1.1 204 No Content\r
Content-ID: 1\r
X-Content-Type-Options: nosniff\r
Cache-Control: no-cache\r
Preference-Applied: return-no-content\r
DataServiceVersion: 3.0;\r
Location: https://myaccount.table.core.windows.net/Blogs(PartitionKey='Channel_17',RowKey='3')\r
DataServiceId: https://myaccount.table.core.windows.net/Blogs(PartitionKey='Channel_17',RowKey='3')\r
ETag: W/"0x5B168C7B6E589D2"\r
\r
\r
--changesetresponse_4e2f27f8-a6c8-4fa3-9b7f-8ddd4a4f4b4c\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
\r
HTTP/1.1 204 No Content\r
Content-ID: 2\r
Cache-Control: no-cache\r
DataServiceVersion: 1.0;\r
\r
\r
--changesetresponse_4e2f27f8-a6c8-4fa3-9b7f-8ddd4a4f4b4c--\r
--batchresponse_4c637ba4-b2f8-40f8-8856-c2d10d163a83--\r
"""
ECHOED = DOCUMENTED.replace(
    b'ETag: W/"0x5B168C7B6E589D2"\r\n\r\n',
    b'ETag: W/"0x5B168C7B6E589D2"\r\n\r\n{"text":"HTTP/1.1 500\\r\\nETag: no"}\r\n',
)
FAILED = b"""--batchresponse_1\r
Content-Type: multipart/mixed; boundary=changesetresponse_2\r
\r
--changesetresponse_2\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
\r
HTTP/1.1 412 Precondition Failed\r
Content-ID: 1\r
Content-Type: application/json;odata=minimalmetadata;charset=utf-8\r
\r
{"odata.error":{"code":"UpdateConditionNotSatisfied","message":{"lang":"en-US","value":"1:The update condition"}}}\r
--changesetresponse_2--\r
--batchresponse_1--\r
"""
XML = b"<?xml version='1.0'?><m:error xmlns:m='x'><m:code>AuthenticationFailed</m:code><m:message/></m:error>"


def test_every_operation_has_its_answer() -> None:
    assert read(DOCUMENTED) == [Answer(204, 'W/"0x5B168C7B6E589D2"'), Answer(204)]


def test_a_row_that_is_sent_back_is_not_mistaken_for_an_answer() -> None:
    assert read(ECHOED) == read(DOCUMENTED)


def test_what_failed_is_one_answer_with_the_services_name_for_it() -> None:
    assert read(FAILED) == [Answer(412, code="UpdateConditionNotSatisfied")]


@pytest.mark.parametrize("cut", [0, 100, 400])
def test_a_body_that_breaks_off_answers_less_than_was_asked(cut: int) -> None:
    assert len(read(DOCUMENTED[:cut])) < 2


def test_an_error_before_the_batch_was_read_is_named_too() -> None:
    assert code_of(XML) == "AuthenticationFailed"
    assert code_of(b'{"odata.error":{"code":"ServerBusy","message":{}}}') == "ServerBusy"
    assert code_of(b"<html>Bad Gateway</html>") == ""


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_each_body_is_written_whole_between_its_boundaries(texts: list[str]) -> None:
    requests = [HttpRequest("POST", f"http://host/table{n}", json={"text": text}) for n, text in enumerate(texts)]
    content_type, body = write(requests)
    batch, changeset = content_type.partition("boundary=")[2], body.split(b"boundary=")[1].split(b"\r\n")[0]
    operations = body.split(b"--" + changeset)[1:-1]
    assert body.startswith(f"--{batch}\r\n".encode())
    assert body.endswith(b"--%b--\r\n--%b--\r\n" % (changeset, batch.encode()))
    for request, operation in zip(requests, operations, strict=True):
        head, content = operation.split(b"\r\n\r\n", 2)[1:]
        assert head.split(b"\r\n")[0].decode() == f"POST {request.url} HTTP/1.1"
        assert b"Prefer: return-no-content" in head
        assert content == str(request.content).encode() + b"\r\n"
