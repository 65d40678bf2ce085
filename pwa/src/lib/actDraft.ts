import type { cases, catalogue, commands } from '@xunge/types'
import { exact } from './time'
import type { Shot } from './shots'

/** What a person fills in for one action of the flow; fields are called as in the command. */
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
  /** Given to several orgs, where the action would also take one. */
  several: boolean
  targets: TargetDraft[]
  closing_org: string | null
  assignment: string | null
  request: string | null
  directive: string | null
  until: string | null
  signature: cases.Signature | null
  people: string[]
  labels: string[]
  answers: Record<string, unknown>
}

export interface AmendmentDraft {
  description: string
  category: string
  address: string
  position: cases.Position | null
}

export type TargetDraft = Omit<cases.Target, 'media'> & { shots: Shot[] }

type Subject = Pick<cases.Case, 'description' | 'category' | 'address' | 'owners' | 'labels'>
type Action = catalogue.Action
type Input = catalogue.Input

export function blankAct(subject: Subject): ActDraft {
  const { description, category, address, owners, labels } = subject
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
    several: false,
    targets: [],
    closing_org: null,
    assignment: null,
    request: null,
    directive: null,
    until: null,
    signature: null,
    people: [...owners],
    labels: [...labels],
    answers: {},
  }
}

export function blankTarget(org: string, kind: TargetDraft['kind'], requirement = ''): TargetDraft {
  return { org, kind, requirement, limit: null, shots: [] }
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
    several: (act.targets ?? []).length > 0,
    targets: (act.targets ?? []).map(({ org, kind, requirement, limit, media }) => ({
      ...blankTarget(org, kind ?? 'main', requirement),
      limit: limit ?? null,
      shots: (media ?? []) as Shot[],
    })),
    closing_org: act.closing_org ?? null,
    assignment: act.assignment ?? null,
    request: act.request ?? null,
    directive: act.directive ?? null,
    until: act.until ?? null,
    signature: act.signature ?? null,
    people: act.people ?? blank.people,
    labels: act.labels ?? blank.labels,
    answers: act.answers ?? {},
  }
}

/** Every photo of a draft, also those of its targets. */
export function shotsOf(draft: ActDraft): Shot[] {
  return [...draft.shots, ...draft.targets.flatMap(({ shots }) => shots)]
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

/** What a call-back or check may be answered with, and the reasons that belong to the answer. */
export function reasonsOf(action: Action, verdict: string | null): readonly string[] {
  const choices = action.inputs.find(({ name }) => name === 'verdict')?.choices ?? []
  return choices.find(({ code }) => code === verdict)?.reasons ?? []
}

/** The inputs to ask for: one org or several, and a reason in words where no list gives one. */
export function inputsOf(action: Action, { several }: Pick<ActDraft, 'several'>): Input[] {
  const names = new Set(action.inputs.map(({ name }) => name))
  const either = names.has('org') && names.has('targets')
  const listed = action.inputs.some(({ choices }) =>
    choices.some((each) => each.reasons.length > 0),
  )
  const left = new Set<Input['name']>([
    ...(either ? (several ? (['org', 'limit'] as const) : (['targets'] as const)) : []),
    ...(listed ? (['reason'] as const) : []),
  ])
  return action.inputs
    .filter(({ name }) => !left.has(name))
    .map((input) => (input.name === 'targets' && several ? { ...input, required: true } : input))
}

function given(input: Input, draft: ActDraft, subject: Subject): Partial<commands.ActOnCase> {
  const { name } = input
  switch (name) {
    case 'opinion':
    case 'reason':
      return { [name]: draft[name].trim() }
    case 'media':
      return { media: draft.shots }
    case 'amendment':
      return {
        media: draft.shots,
        // New photos alone are an amendment too; the description says so by staying.
        amendment:
          amendmentOf(draft.amendment, subject) ??
          (draft.shots.length > 0 ? { description: subject.description } : null),
      }
    case 'targets':
      return {
        targets: draft.targets.map(({ shots, requirement, ...rest }) => ({
          ...rest,
          requirement: requirement.trim(),
          media: shots,
        })),
      }
    default:
      return { [name]: draft[name] }
  }
}

/** The act as its command; only what the action asks for goes along. */
export function actOf(
  action: Action,
  draft: ActDraft,
  subject: Subject & Pick<cases.Case, 'id'>,
  task: string | null,
): commands.ActOnCase {
  return {
    case: subject.id,
    action: action.code,
    ...(task !== null && { task }),
    ...(reasonsOf(action, draft.verdict).length > 0 && { reason: draft.reason.trim() }),
    ...(action.items.length > 0 && { answers: draft.answers, media: draft.shots }),
    ...inputsOf(action, draft).reduce<Partial<commands.ActOnCase>>(
      (all, input) => ({ ...all, ...given(input, draft, subject) }),
      {},
    ),
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  )
}

/** What the action still needs, each in words. `now` in milliseconds. */
export function lackingOf(
  action: Action,
  draft: Pick<ActDraft, 'several'>,
  act: commands.ActOnCase,
  now: number,
): string[] {
  const lacking = inputsOf(action, draft).flatMap((input) => lackingIn(input, act, now))
  if (reasonsOf(action, act.verdict ?? null).length > 0 && !act.reason) lacking.push('请选择原因')
  return lacking
}

function lackingIn(input: Input, act: commands.ActOnCase, now: number): string[] {
  const { name, label } = input
  if (name === 'media') {
    const count = (act.media ?? []).filter(
      ({ role }) => input.media_role === null || role === input.media_role,
    ).length
    return count < input.minimum ? [`${label}：至少 ${input.minimum} 张`] : []
  }
  const value = act[name]
  if (isEmpty(value)) {
    if (!input.required) return []
    if (name === 'amendment') return ['请补充照片，或更正一项内容']
    return [`请${CHOSEN.has(name) ? '选择' : '填写'}${label}`]
  }
  if (name === 'until' && Date.parse(act.until ?? '') <= now)
    return [`${label}不能早于现在（${exact(now)}）`]
  if (name === 'signature' && (!act.signature?.name.trim() || !act.signature.at))
    return [`${label}：请写明姓名和时间`]
  return []
}

const CHOSEN = new Set<Input['name']>([
  'org',
  'worker',
  'standard',
  'verdict',
  'targets',
  'closing_org',
  'assignment',
  'request',
  'directive',
  'until',
  'people',
  'labels',
])
