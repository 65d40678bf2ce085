import type { ActingPost } from '@xunge/rules'
import type { cases, catalogue } from '@xunge/types'
import { blankAct, blankTarget, type ActDraft } from './actDraft'
import { advised } from './advice'
import type { CaseDetail } from './caseApi'
import { directivesFor, partsFor, requestsFor } from './choices'

function only(ids: readonly { id: string }[]): string | null {
  return ids.length === 1 ? (ids[0]?.id ?? null) : null
}

function within(input: catalogue.Input | undefined, org: string, { orgs }: CaseDetail): boolean {
  return !input?.within.length || input.within.some((relation) => orgs[relation]?.includes(org))
}

/** An action as it is first shown: what can only be one way is filled in. */
export function begun(
  action: catalogue.Action,
  detail: CaseDetail,
  me: ActingPost,
  flow: catalogue.Flow | undefined,
  signature: cases.Signature,
): ActDraft {
  const subject = detail.case
  const asks = new Set(action.inputs.map(({ name }) => name))
  const targets = action.inputs.find(({ name }) => name === 'targets')
  const [advice] = advised(detail).filter(({ org }) => within(targets, org, detail))
  const gives = action.effects.includes('assign') && !asks.has('org')
  const first = gives && subject.assignments.length === 0 && advice ? [advice.org] : []
  return {
    ...blankAct(subject),
    org: action.effects.includes('assign') ? (advice?.org ?? null) : null,
    worker: only(detail.workers),
    targets: asks.has('targets') ? first.map((org) => blankTarget(org, 'main')) : [],
    assignment: asks.has('assignment') ? only(partsFor(action, subject, me)) : null,
    request: asks.has('request') ? only(requestsFor(action, subject, me, flow)) : null,
    directive: asks.has('directive') ? only(directivesFor(subject)) : null,
    signature: asks.has('signature') ? signature : null,
  }
}
