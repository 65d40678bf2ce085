"""Single cases over HTTP; lists and maps are in `finding`. Writes are commands and go through
/api/sync/push.
"""

from typing import Annotated, get_args
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.cases import queries
from backend.cases.ground import ground_of
from backend.cases.reporter import masked, reporter_of, reveal
from backend.cases.rules import checks
from backend.cases.rules.context import of_case
from backend.cases.rules.hierarchy import related
from backend.cases.structs import Case, Outside
from backend.cases.suggesting import suggest
from backend.cases.views import (
    CaseDetail,
    Describe,
    Reveal,
    SimilarCase,
    Suggestion,
    WorkerChoice,
)
from backend.catalogue.flow import Relation
from backend.catalogue.form import Form
from backend.catalogue.queries import Catalogue, target_groups_of
from backend.core import database
from backend.core.actor import Actor
from backend.core.clock import utc_now
from backend.directory.access import permission, signed_in
from backend.media.queries import awaited, register_owner

register_owner("case", queries.visible)


class CaseController(Controller):
    """Reads of cases within the actor's reach."""

    path = "/api/cases"
    guards = [signed_in]
    tags = ["cases"]

    @get("/similar", guards=[permission("case.report", "case.register", "case.browse")])
    async def similar(
        self,
        actor: NamedDependency[Actor],
        category: Annotated[str, QueryParameter(max_length=32)],
        longitude: Annotated[float, QueryParameter(ge=-180, le=180)],
        latitude: Annotated[float, QueryParameter(ge=-85, le=85)],
    ) -> list[SimilarCase]:
        """Cases that a new report at this point may double, nearest first."""
        now = utc_now()
        async with database.connection() as conn:
            ground = await ground_of(conn, actor.county, now)
            point = (longitude, latitude)
            return await queries.similar_cases(conn, actor, ground, category, point, now)

    @post(
        "/suggest",
        guards=[permission("case.report", "case.register", "case.browse")],
        status_code=200,
    )
    async def suggest(
        self, actor: NamedDependency[Actor], data: JSONBody[Describe]
    ) -> list[Suggestion]:
        """The subclasses that a description is likeliest about, best first. Posted, since what
        people write must not stand in an address.
        """
        now = utc_now()
        async with database.connection() as conn:
            ground = await ground_of(conn, actor.county, now)
            return await suggest(conn, ground, data.text, now)

    @get("/{case_id:uuid}")
    async def detail(
        self, actor: NamedDependency[Actor], case_id: FromPath[UUID], state: State
    ) -> CaseDetail:
        """One case with what this post may do with it."""
        async with database.connection() as conn:
            case = await queries.case_of(conn, actor, case_id)
            ground = await ground_of(conn, actor.county, utc_now())
            media = {media.id for step in case.steps for media in step.media}
            missing = await awaited(conn, media)
            outside = await reporter_of(conn, state.pushing.cipher, case)
            groups = await target_groups_of(conn, actor.county, actor.org)
            gives = actor.may("case.dispatch") or actor.may("case.assign")
            advised = await queries.advice(conn, ground, case, utc_now()) if gives else []
        flow = ground.catalogue.flows[case.flow, case.flow_version]
        category = ground.catalogue.categories.get(case.category)
        workers = ground.roster.workers.get(case.grid, [])
        parents = ground.roster.parents
        return CaseDetail(
            case=case,
            actions=checks.available(
                flow, case, actor, of_case(case, category, len(workers), parents)
            ),
            recommended=advised,
            workers=[WorkerChoice(worker.user, worker.name) for worker in workers],
            awaited=sorted(missing),
            reporter=masked(outside) if outside and _tells(case, actor) else None,
            target_groups=groups,
            orgs={
                relation: [org for org in parents if related(actor.org, org, relation, parents)]
                for relation in get_args(Relation)
            },
            levels={rule.kind: [level.name for level in rule.levels] for rule in flow.requests},
            forms=_older_forms(case, ground.catalogue),
        )

    @post("/{case_id:uuid}/reveal", guards=[permission("person.unmask")], status_code=200)
    async def reveal(
        self,
        actor: NamedDependency[Actor],
        case_id: FromPath[UUID],
        data: JSONBody[Reveal],
        state: State,
    ) -> Outside:
        """An outside reporter's name and phone, unmasked; the reason is kept in the ledger."""
        async with database.transaction() as conn:
            case = await queries.case_of(conn, actor, case_id)
            return await reveal(conn, state.pushing.cipher, actor, case, data.reason)


def _tells(case: Case, actor: Actor) -> bool:
    """A reporter who asked for privacy shows, masked, only to those who may unmask."""
    return not case.reports[0].private or actor.may("person.unmask")


def _older_forms(case: Case, catalogue: Catalogue) -> list[Form]:
    """Devices hold the newest of each form; answers keep the one they were given to."""
    filled = {(ref.code, ref.version) for report in case.reports if (ref := report.form)}
    return [
        form
        for key in sorted(filled)
        if (form := catalogue.forms.get(key)) and catalogue.newest_forms[form.code] != form
    ]
