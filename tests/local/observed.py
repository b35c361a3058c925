"""What Microsoft's Functions host 4.1037.0, and .NET and JavaScript clients of Event Hubs, were observed to do.

One row an observation; a test says with the mark `observed` which of them it holds. Where the local host is otherwise
on purpose, the row says how the table of ADR 0004 names that, and its test holds what the local host does instead.
"""

from collections.abc import Mapping

HOST = "rows of the real host right in the local host"
HUB = "cases of other clients right in the local hub server"
SUBJECTS = (HOST, HUB)
_AS_OBSERVED = ""

_CONNECTIONS = (
    "connections: AzureWebJobs<NAME> wins over <NAME>, whatever that holds",
    "connections: ConnectionStrings:<NAME> wins over <NAME>",
    "connections: a namespace in the family is reached by an identity",
    "connections: a value wins over its family, and must be a connection string",
    "connections: EntityPath of the connection string wins over the hub of the binding",
    "connections: %NAME% is resolved, and then looked up",
    "connections: credential managedidentity asks for that identity alone, by clientId",
    "connections: without credential, or with another word, the whole chain signs in",
    "connections: nothing to be found keeps the host from starting",
    "connections: an unresolved reference to a vault keeps the host from starting",
    "connections: the host's own storage is such a section as well",
    "connections: where the namespace does not answer, only that listener waits",
)
_HTTP = (
    "http: 204 and 304 have neither body nor length, and keep their type",
    "http: bodies are sent in chunks, empty ones with length 0, a stated length as it is",
    "http: the type is text/plain; charset=utf-8 unless one is given, then that, nonsense too",
    "http: headers that cannot be sent are a 500 without a body",
    "http: an exception, nothing and a number are a 500 without a body",
    "http: cookies are taken apart and written anew, values percent-encoded",
    "http: a cookie that cannot be taken apart vanishes",
    "http: of a response header that is set twice the last one is sent",
    "http: an escaped slash stays one in a parameter, and in a catch-all",
    "http: what is no UTF-8 stays escaped",
    "http: dot segments are followed before routing, also escaped ones",
    "http: a doubled slash matches nothing, one at the end does not count, nor does case",
    "http: query names are joined without regard to case, empty values dropped",
    "http: repeated request headers are joined with a comma and no blank",
    "http: the address has its path decoded and escaped anew, its query as sent",
    "http: a method that a function does not take is not found, with and without a key",
    "http: a function without methods takes all of them, and HEAD gets no body",
    "http: without its key a function answers 401, empty and without a challenge",
    "http: a function's, the host's and the master key are good in header and query",
    "http: a key header decides, even empty, and the first of two",
    "http: admin endpoints answer 401 with a challenge, 403 to lesser keys, 404 where nothing is",
    "http: ping wants no key",
    "http: functions, keys, configuration and drain are told to the master",
    "http: the status has its fields, and does not say what functions there are",
    "http: any function can be run by hand, 202, and an unknown one not",
    "http: a body of 100 MiB arrives, one byte more is a 500, and nothing runs",
    "http: a chunked body does not arrive",
    "http: a host that is missing, doubled or malformed is refused",
    "http: headers over 32 KiB or over 100 are 431, a request line over 8 KiB 414",
    "http: a function runs on when its caller goes away",
    "http: the root answers 200, whatever is the matter",
    "http: the prefix is api by default, and may be empty",
    "http: a host that ends takes no connection, answers what is under way, and ends",
    "http: of two routes that match, that of the name that sorts first wins",
    "http: an empty route is the function's name",
    "http: a malformed route or an unknown constraint ends the host",
    "http: the last dot parts name and extension, and a parameter may have a default",
    "http: a function over its time is answered 500 and, if it does not end, its process ended",
)
_TIMERS = (
    "timers: the input has schedule, status and lateness, the status null without a monitor",
    "timers: the metadata is the moment, as month/day/year",
    "timers: status and lease lie in blobs, under the names of the real host",
    "timers: one run makes up for all that was missed, and is late",
    "timers: a run at start is not late, and is the last run from then on",
    "timers: a run that outlasts its interval is followed by one at once, reckoned from its start",
    "timers: only a schedule of every minute that fires more than once in it has no monitor",
    "timers: five or six fields, blanks, names, steps and ranges are read",
    "timers: too many fields, values out of range, signs, tabs and other dialects are refused",
    "timers: the zone of the app is not looked at, that of the process is",
    "timers: a schedule that was changed begins anew",
)
_EVENTS = (
    "events: attempts share an invocation id and are counted; after the last the checkpoint moves",
    "events: a policy without end goes on until it succeeds, and says -1",
    "events: without a policy there is one attempt, 0 of 0, and the checkpoint moves on",
    "events: the first wait is the minimum, later ones grow by chance up to the maximum",
    "events: what cannot be converted is retried by the policy, and the function never asked",
    "events: what cannot be converted holds its partition where retries never end",
    "events: an overrun ends the process, and the batch comes again with its attempts counted on",
    "events: a checkpoint follows every nth batch, and says so in the context",
    "events: no checkpoint moves when the host stops or the partition is lost",
    "events: retries end when the partition is lost",
    "events: one at a time where the function takes one, a checkpoint behind each",
    "events: a dead instance's claim holds for two minutes, looked at every thirty seconds",
    "events: fromEnqueuedTime leaves out what came at exactly that time, and needs one",
    "host.json: the keys of the extension and their defaults are known",
    "host.json: unknown keys are passed over, and case does not matter",
    "host.json: a value that cannot be ends the host",
    "host.json: it needs a version",
    "metadata: contexts of the partition, twice",
    "metadata: properties, binaries as base64",
    "metadata: system properties with their annotations, the offset as a number and as a text",
    "metadata: times without a zone and without zeros at the end",
    "metadata: sequence numbers, offsets and keys as collections, absent keys left out",
    "metadata: binary bodies as they are, texts without empty ones, others as JSON written anew",
    "metadata: an empty text fails its whole batch",
)
_APPS = (
    "apps: a function is off by a setting with underscores as well",
    "apps: names that differ in case only end the host",
)
# As the real host does it, and as ADR 0004 says that the local one does not.
_OTHERWISE = {
    "http: statuses below 100 and above 599 go through": "statuses below 100 and above 599",
    "http: any word is a method": "methods that HTTP does not know",
    "http: broken chunks run the function without a body": "broken chunks",
    "http: a principal from outside goes through": "`X-MS-CLIENT-PRINCIPAL` from outside",
    "http: of one route twice, the later function alone is off": "one route twice",
    "http: settings are not put into routes, %NAME% is a literal": "`%NAME%` in a route is a literal",
    "http: a route that begins with admin or runtime turns that function off": "reserved route",
    "timers: backward ranges, days of no month, whole days and single letters are read": "`22-2` (2 to 22)",
    "timers: a bad schedule or a missing setting turns that function off": "a bad name, schedule, setting",
    "timers: after a kill they start when the old lease has expired": "until the claims of a dead one expire",
    "events: an overrun fails all that runs in that process": "other invocations in that process fail",
    "host.json: prefetchCount may be 0": "`prefetchCount` 0",
    "host.json: what no function uses is not read": "options of an extension that no function uses",
    "host.json: the way to Azure, sizes of prefetched bytes and old sections are obeyed": "`clientRetryOptions`",
    "host.json: the first part of a batch is given at once, and a stop writes a checkpoint": "with a minimum batch",
    "metadata: texts and times among properties keep their types": "keep their types in the metadata",
    "apps: a bad name turns that function off": "a bad name, schedule, setting",
    "apps: an import that fails looks like health": "an import that fails",
}
_HUB = (
    "hub: a position by offset without quotes",
    "hub: a position by sequence number without quotes",
    "hub: a position by time without quotes",
    "hub: a time before 1970",
    "hub: a refused receiver's attach has no source",
    "hub: a refused sender's attach has no target",
    "hub: the settle mode is the one that was asked for",
    "hub: the largest event fits what its reader was told",
    "hub: a long event keeps to a window of one frame",
    "hub: an unknown group is said in the words that .NET looks for",
    "hub: a partition key of 129 characters is refused",
    "hub: on an empty hub an offset of before is refused",
    "hub: on an empty hub a sequence number of before is refused",
    "hub: such a reader is passed over no event of the new hub",
    "hub: a question to $management may bring its token along",
    "hub: a publisher's signature does not send to the hub",
    "hub: a publisher's signature does not read",
    "hub: a group's signature does not read another group",
)
_ROWS: Mapping[str, Mapping[str, str]] = {
    HOST: {**dict.fromkeys((*_CONNECTIONS, *_HTTP, *_TIMERS, *_EVENTS, *_APPS), _AS_OBSERVED), **_OTHERWISE},
    HUB: dict.fromkeys(_HUB, _AS_OBSERVED),
}


def rows_of(subject: str) -> Mapping[str, str]:
    """Each row, and the words of ADR 0004 where the local host is otherwise; else empty."""
    return _ROWS[subject]
