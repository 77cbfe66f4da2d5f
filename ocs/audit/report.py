"""What an audit found: figures, differences, and both as text and as JSON."""

from dataclasses import dataclass, field

from balance.account import Account
from balance.quantity import format_micros

DIFFERENCES_SHOWN = 20


@dataclass
class CurrencyTotals:
    """The sums of all accounts in one currency, in micros."""

    opening_micros: int = 0
    credited_micros: int = 0
    debited_micros: int = 0
    balance_micros: int = 0
    reserved_micros: int = 0

    def add(self, account: Account) -> None:
        """Add one account."""
        self.opening_micros += account.opening_micros
        self.credited_micros += account.credited_micros
        self.debited_micros += account.debited_micros
        self.balance_micros += account.balance_micros
        self.reserved_micros += account.reserved_micros


@dataclass
class AuditReport:
    """The outcome. ``unsettled`` accounts changed at every look and were not proven; a busy server has some."""

    accounts: int = 0
    sessions: int = 0
    records: int = 0
    rechecked: int = 0
    unsettled: int = 0
    currencies: dict[str, CurrencyTotals] = field(default_factory=dict)
    difference_count: int = 0
    differences: list[str] = field(default_factory=list)

    def differ(self, sentence: str) -> None:
        """Note a difference; the first DIFFERENCES_SHOWN are kept, all are counted."""
        self.difference_count += 1
        if len(self.differences) < DIFFERENCES_SHOWN:
            self.differences.append(sentence)

    @property
    def clean(self) -> bool:
        """Whether the books balance."""
        return self.difference_count == 0

    def to_json(self) -> dict[str, object]:
        """The report as JSON types; a currency's totals stand under its code."""
        answer: dict[str, object] = {
            "clean": self.clean,
            "accounts": self.accounts,
            "sessions": self.sessions,
            "records": self.records,
            "rechecked": self.rechecked,
            "unsettled": self.unsettled,
        }
        for currency, totals in sorted(self.currencies.items()):
            answer[currency] = dict(vars(totals))
        answer["difference_count"] = self.difference_count
        answer["differences"] = self.differences
        return answer

    def to_text(self) -> str:
        """The report for people."""
        lines = [f"{self.accounts} accounts, {self.sessions} open sessions, {self.records} records"]
        for currency, totals in sorted(self.currencies.items()):
            parts = [f"{name[:-7]} {format_micros(value)}" for name, value in vars(totals).items()]
            lines.append(f"{currency}: " + ", ".join(parts))
        if self.rechecked:
            lines.append(f"{self.rechecked} accounts changed while they were read, and were read again")
        if self.unsettled:
            lines.append(f"{self.unsettled} accounts changed at every look: not proven, run the audit again")
        if self.clean:
            lines.append("The books balance.")
        else:
            lines.append(f"{self.difference_count} differences:")
            lines.extend(f"  {sentence}" for sentence in self.differences)
        return "\n".join(lines)
