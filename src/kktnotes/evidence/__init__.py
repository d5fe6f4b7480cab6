"""What a run measured of each statement: `record` in a chapter, verdicts, and the book's ledger."""

from kktnotes.evidence.card import Card as Card
from kktnotes.evidence.measurement import Measurement as Measurement
from kktnotes.evidence.order import Order as Order
from kktnotes.evidence.prose import shown as shown
from kktnotes.evidence.recording import record as record
from kktnotes.evidence.sentences import load_ipython_extension as load_ipython_extension
from kktnotes.evidence.sentences import say as say
from kktnotes.evidence.verdict import Verdict as Verdict
from kktnotes.evidence.verdict import judge as judge
from kktnotes.evidence.verdict import weakest as weakest
