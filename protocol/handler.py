"""The seam between the protocol and whoever answers: requests go in, octets of answers come back.

Both classes may be compiled and be subclassed by interpreted code.
"""

from abc import ABC, abstractmethod

from mypy_extensions import mypyc_attr

from protocol.messages import CreditControlRequest


@mypyc_attr(allow_interpreted_subclasses=True)
class AnswerSink(ABC):
    """Where the answers to a connection's requests go."""

    @abstractmethod
    def answers(self, octets: list[bytes]) -> None:
        """Send whole answers, in one write; they are dropped silently when the connection is gone.

        One element is the answer to one request: the connection counts them against the requests it handed out.
        """


@mypyc_attr(allow_interpreted_subclasses=True)
class RequestHandler(ABC):
    """Who answers credit-control requests."""

    @abstractmethod
    def submit(self, requests: list[CreditControlRequest], connection: AnswerSink) -> None:
        """Take the requests that arrived in one read; each shall be answered once, in any order, now or later.

        It must not raise and must not wait. The requests are well formed: the others were answered already.
        """
