import type { cases, catalogue, commands } from '@xunge/types'
import type { Shot } from './shots'

/** What a person fills in for one action of the flow. */
export interface ActDraft {
  opinion: string
  reason: string
  shots: Shot[]
  org: string | null
  worker: string | null
  standard: number | null
  verdict: string | null
  limit: catalogue.Limit | null
  amendment: AmendmentDraft
}

export interface AmendmentDraft {
  description: string
  category: string
  address: string
  position: cases.Position | null
}

type Subject = Pick<cases.Case, 'description' | 'category' | 'address'>

export function blankAct(subject: Subject): ActDraft {
  const { description, category, address } = subject
  return {
    opinion: '',
    reason: '',
    shots: [],
    org: null,
    worker: null,
    standard: null,
    verdict: null,
    limit: null,
    amendment: { description, category, address, position: null },
  }
}

/** A refused act as a draft again. */
export function draftOfAct(act: commands.ActOnCase, subject: Subject): ActDraft {
  const blank = blankAct(subject)
  return {
    ...blank,
    opinion: act.opinion ?? '',
    reason: act.reason ?? '',
    shots: (act.media ?? []) as Shot[],
    org: act.org ?? null,
    worker: act.worker ?? null,
    standard: act.standard ?? null,
    verdict: act.verdict ?? null,
    limit: act.limit ?? null,
    amendment: {
      description: act.amendment?.description ?? blank.amendment.description,
      category: act.amendment?.category ?? blank.amendment.category,
      address: act.amendment?.address ?? blank.amendment.address,
      position: (act.amendment?.position ?? null) as cases.Position | null,
    },
  }
}

function amendmentOf(draft: AmendmentDraft, subject: Subject): commands.Amendment | null {
  const changed: commands.Amendment = {}
  if (draft.description.trim() !== subject.description)
    changed.description = draft.description.trim()
  if (draft.category !== subject.category) changed.category = draft.category
  if (draft.address.trim() !== subject.address) changed.address = draft.address.trim()
  if (draft.position) changed.position = draft.position
  return Object.keys(changed).length > 0 ? changed : null
}

/** The act as its command; only what the action asks for goes along. */
export function actOf(
  action: catalogue.Action,
  draft: ActDraft,
  subject: Subject & Pick<cases.Case, 'id'>,
  task: string | null,
): commands.ActOnCase {
  const asks = new Set(action.inputs.map(({ name }) => name))
  return {
    case: subject.id,
    action: action.code,
    ...(task !== null && { task }),
    ...(asks.has('opinion') && { opinion: draft.opinion.trim() }),
    ...(asks.has('reason') && { reason: draft.reason.trim() }),
    ...((asks.has('media') || asks.has('amendment')) && { media: draft.shots }),
    ...(asks.has('org') && { org: draft.org }),
    ...(asks.has('worker') && { worker: draft.worker }),
    ...(asks.has('standard') && { standard: draft.standard }),
    ...(asks.has('verdict') && { verdict: draft.verdict }),
    ...(asks.has('limit') && { limit: draft.limit }),
    ...(asks.has('amendment') && {
      // New photos alone are an amendment too; the description says so by staying.
      amendment:
        amendmentOf(draft.amendment, subject) ??
        (draft.shots.length > 0 ? { description: subject.description } : null),
    }),
  }
}

/** What the action still needs, each in words. */
export function lackingOf(action: catalogue.Action, act: commands.ActOnCase): string[] {
  return action.inputs.flatMap((input) => {
    if (input.name === 'media') {
      const count = (act.media ?? []).filter(
        ({ role }) => input.media_role === null || role === input.media_role,
      ).length
      return count < input.minimum ? [`${input.label}：至少 ${input.minimum} 张`] : []
    }
    const value = act[input.name]
    if (!input.required || (value !== null && value !== undefined && value !== '')) return []
    return [input.name === 'amendment' ? '请补充照片，或更正一项内容' : `请填写${input.label}`]
  })
}
