"""Files of rows through the core that answers requests (R042): read and scored in chunks, every row accounted for.

What is wrong with a file as a whole is raised as `NotScorable`; what is wrong with a row is a rejected row that names
its field. This room imports pyarrow as it is loaded; the others do so only inside what needs it (Arrow streams, a
package's parquet files), for an instance that answers JSON does without its 30 MB.
"""

from services.scoring.files.chunks import ChunkScorer, ScoredChunk
from services.scoring.files.options import FileOptions
from services.scoring.files.problems import NotScorable, unforeseen
from services.scoring.files.reading import RowFile, open_rows
from services.scoring.files.referred import ReferredFiles
from services.scoring.files.results import Results, remove_drafts, side_file
from services.scoring.files.text_format import TextFormat
