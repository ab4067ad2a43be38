"""A shopper's own mail, made by the very code that sends it, from a table that is only read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

from homing.adapters.catalogue import TableCatalogue
from homing.adapters.table import Item, Table
from homing.domain.journeys import Journey
from homing.domain.record import ProfileRecord
from homing.domain.sends import Run
from homing.domain.shop import Shop
from homing.emails import RenderedEmail, Renderer, RenderFailed
from homing.usecases.compose import Composer, Identity, Intent, NothingToShow
from local.preview.making import NoMail
from local.segments.population import Population
from local.segments.sources import Source

_ENTRY = "preview"


class ShoppersMail(NamedTuple):
    """The mail; `withheld` is why it would not go out as things stand, None where it would."""

    mail: RenderedEmail
    language: str
    withheld: str | None


@dataclass(frozen=True, slots=True)
class Previewer:
    """Makes mails of shoppers out of a source, at the source's moment."""

    shop: Shop
    identity: Identity
    renderer: Renderer
    population: Population

    def mail(self, template: str, profile: str, language: str | None = None) -> ShoppersMail:
        """The shopper's mail, in `language` rather than their own where one is given.

        Raises NoProfile, SourceUnreadable, or NoMail where there is nothing to look at.
        """
        journey, step_name = self._step(template)
        record = self.population.find(profile)
        run = Run(journey=journey.name, profile_id=record.profile_id, entry=_ENTRY)
        # What would end a run is no reason not to look at its mails.
        intent = Intent(run, replace(journey, ends_on=frozenset()), step_name)
        reason = self._barred(intent, record)
        if reason is not None:
            raise NoMail(f"{profile}: {template} cannot be sent to them, for {_because(reason)}")
        renderer = _InLanguage(self.renderer, language)
        try:
            mail = self._composer(renderer).compose(intent, record.facts, self.population.source.as_of)
        except NothingToShow as error:
            raise NoMail(f"{profile}: there is no {template} for them: {_because('nothing_to_show')}") from error
        except RenderFailed as error:
            raise NoMail(f"{profile}: there is no {template} for them: render: {error}") from error
        rendered = RenderedEmail(mail.subject, mail.html, mail.text)
        return ShoppersMail(rendered, renderer.used, self._withheld(journey, record))

    def _step(self, template: str) -> tuple[Journey, str]:
        """The journey and the step that send the template."""
        for journey in self.shop.journeys.values():
            for name, step in journey.steps.items():
                if step.template == template:
                    return journey, name
        raise NoMail(
            f"{template}: no journey sends it, so nobody gets it; name it in journeys.yaml, or leave --profile out"
        )

    @staticmethod
    def _barred(intent: Intent, record: ProfileRecord) -> str | None:
        """Why no mail of the journey may go to them at all."""
        reason = intent.journey.exit_reason(record.facts, _ENTRY)
        return reason or (None if record.facts.trait("email") else "no_address")

    def _composer(self, renderer: "_InLanguage") -> Composer:
        """The composer of the deployed system."""
        table = cast("Table", _TableAtRest(self.population.source))
        return Composer(
            shop=self.shop,
            identity=self.identity,
            token_key=b"preview",
            catalogue=TableCatalogue(table),
            sent_before=lambda _profile_id, _send_id: None,
            renderer=renderer,
        )

    def _withheld(self, journey: Journey, record: ProfileRecord) -> str | None:
        """Why the journey would not send to them now."""
        entry = journey.entry(record.facts, self.population.source.as_of)
        reason = "there is no reason to enter" if entry is None else journey.exit_reason(record.facts, entry)
        return None if reason is None else f"the journey '{journey.name}' would not send it now: {reason}"


_REASONS = {
    "no_address": "no address is known; choose somebody who has told one",
    "confirmed": "they have confirmed already; choose somebody who has not, or leave --profile out",
    "consent_withdrawn": "they have not agreed to mails; choose somebody who has",
    "unsubscribed": "they have unsubscribed; choose somebody who has not",
    "bounced": "their address has bounced; choose somebody else",
    "complained": "they have called a mail spam; choose somebody else",
    "nothing_to_show": "it needs products of their cart; choose somebody with a full one, or --data full",
}


def _because(reason: str) -> str:
    return _REASONS.get(reason, reason)


@dataclass(slots=True)
class _InLanguage:
    """The renderer, in one language for all; `used` is the tag that was rendered."""

    renderer: Renderer
    language: str | None
    used: str = ""

    def render(self, template: str, language: str, context: Any) -> RenderedEmail:
        self.used = self.language or language
        return self.renderer.render(template, self.used, context)


@dataclass(frozen=True, slots=True)
class _TableAtRest:
    """Stands in for `Table` behind the adapters, as far as they read."""

    source: Source

    def get(self, pk: str, sk: str) -> Item | None:
        return next(self.get_many([(pk, sk)]), None)

    def get_many(self, keys: Sequence[tuple[str, str]], *, consistent: bool = True) -> Iterator[Item]:
        for sk in sorted({sk for _, sk in keys}):
            wanted = {pk for pk, other in keys if other == sk}
            yield from (item for item in self.source.items_of(wanted, sk) if item["sk"]["S"] == sk)
