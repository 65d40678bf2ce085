/** Which actions to offer: the twin of backend/cases/rules/checks.py. The server decides again. */

import type { cases, catalogue, directory } from '@xunge/types'
import { isParty } from './parties'

/** The acting post, as the session tells it. */
export type ActingPost = Pick<
  directory.SessionView,
  'user' | 'org' | 'areas' | 'categories' | 'permissions'
>

/** The actions that the case's state and the post's rights allow, in the flow's order. */
export function available(
  flow: catalogue.Flow,
  document: cases.Case,
  actor: ActingPost,
): catalogue.Action[] {
  return flow.actions.filter(
    (action) => action.states.includes(document.state) && mayAct(action, document, actor),
  )
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

function mayAct(action: catalogue.Action, document: cases.Case, actor: ActingPost): boolean {
  if (action.task !== null) return taskFor(action, document, actor) !== null
  if (action.permission !== null && !actor.permissions.includes(action.permission)) return false
  if (action.party.length > 0) return isParty(document, actor, action.party)
  return covers(actor.areas, document.area_path) && serves(actor, document.category)
}

/** Whether a place lies in one of the areas; both are paths. */
export function covers(areas: readonly string[], path: string): boolean {
  return areas.some((area) => path === area || path.startsWith(`${area}/`))
}

function serves({ categories }: ActingPost, category: string): boolean {
  return categories.length === 0 || categories.some((code) => category.startsWith(code))
}
