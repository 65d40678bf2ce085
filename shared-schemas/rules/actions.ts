/** Which actions to offer: the twin of backend/cases/rules/checks.py. The server decides again. */

import type { cases, catalogue, directory } from '@xunge/types'
import { context, type Known } from './context'
import { holds } from './expressions'
import { isParty } from './parties'

/** The acting post, as the session tells it. */
export type ActingPost = Pick<
  directory.SessionView,
  'user' | 'org' | 'areas' | 'categories' | 'permissions'
>

/** The actions that the case's state, the post's rights and the action's own condition allow, in the
 *  flow's order.
 */
export function available(
  flow: catalogue.Flow,
  document: cases.Case,
  actor: ActingPost,
  known: Known = {},
): catalogue.Action[] {
  const names = context(document, known)
  return flow.actions.filter(
    (action) =>
      action.states.includes(document.state) &&
      (document.ending === null || action.after_end) &&
      mayAct(action, document, actor, flow) &&
      (action.when === '' || holds(action.when, names)),
  )
}

/** The open requests that the post may answer at the level where they stand; nobody answers what
 *  they asked themselves.
 */
export function answerable(
  document: cases.Case,
  actor: ActingPost,
  flow: catalogue.Flow,
): cases.Request[] {
  return document.requests.filter((request) => {
    const level = flow.requests.find(({ kind }) => kind === request.kind)?.levels[request.level]
    if (request.user === actor.user) return false
    if (request.state !== 'open' || !level || !actor.permissions.includes(level.permission))
      return false
    if (request.answerer_org === null) return inReach(document, actor)
    return request.answerer_org === actor.org
  })
}

/** The open task of `document` that an action by this post would answer, or null. */
export function taskFor(
  action: catalogue.Action,
  document: cases.Case,
  actor: ActingPost,
): cases.OpenTask | null {
  if (action.task === null) return null
  return (
    document.tasks.find(
      ({ kind, user, org }) =>
        kind === action.task && (user === actor.user || (org !== null && org === actor.org)),
    ) ?? null
  )
}

function mayAct(
  action: catalogue.Action,
  document: cases.Case,
  actor: ActingPost,
  flow: catalogue.Flow,
): boolean {
  if (action.task !== null) return taskFor(action, document, actor) !== null
  if (action.permission !== null && !actor.permissions.includes(action.permission)) return false
  if (action.party.length === 0) return inReach(document, actor)
  const others = action.party.filter((party) => party !== 'answerer')
  if (isParty(document, actor, others)) return true
  return action.party.includes('answerer') && answerable(document, actor, flow).length > 0
}

function inReach(document: cases.Case, actor: ActingPost): boolean {
  return covers(actor.areas, document.area_path) && serves(actor, document.category)
}

/** Whether a place lies in one of the areas; both are paths. */
export function covers(areas: readonly string[], path: string): boolean {
  return areas.some((area) => path === area || path.startsWith(`${area}/`))
}

function serves({ categories }: ActingPost, category: string): boolean {
  return categories.length === 0 || categories.some((code) => category.startsWith(code))
}
