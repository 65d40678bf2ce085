import type { catalogue } from '@xunge/types'

type Action = catalogue.Action
type Effect = Action['effects'][number]

export interface ActionGroup {
  name: string
  actions: Action[]
}

const ASKING = new Set<Effect>(['ask', 'answer_request', 'withdraw_request', 'resume'])
const WATCHING = new Set<Effect>(['direct', 'answer_directive', 'circulate', 'release'])
const MARKING = new Set<Effect>([
  'set_owners',
  'set_labels',
  'set_urgent',
  'set_severity',
  'correct',
  'call_back',
])
const ORDER = ['处置', '申请', '督办', '其他'] as const

/**
 * The one thing to do next among those the flow calls primary: my task, a request that waits for my
 * word, else what is most particular to where the case stands.
 */
export function primaryOf(actions: readonly Action[]): Action | undefined {
  const [first] = actions
    .filter(({ tone }) => tone === 'primary')
    .sort((a, b) => urgency(a) - urgency(b) || a.states.length - b.states.length)
  return first ?? (actions.length === 1 ? actions[0] : undefined)
}

function urgency(action: Action): number {
  if (action.task !== null) return 0
  return action.effects.includes('answer_request') ? 1 : 2
}

/** The others, under what a person looks for them by. */
export function grouped(actions: readonly Action[], except?: Action): ActionGroup[] {
  return ORDER.map((name) => ({
    name,
    actions: actions.filter((action) => action !== except && groupOf(action) === name),
  })).filter((group) => group.actions.length > 0)
}

function groupOf(action: Action): (typeof ORDER)[number] {
  const effects = [action.effects, ...Object.values(action.effects_by_verdict)].flat()
  const does = (wanted: Set<Effect>) => effects.some((effect) => wanted.has(effect))
  if (action.request !== null || does(ASKING)) return '申请'
  if (action.directive !== null || does(WATCHING)) return '督办'
  if (action.after_end || does(MARKING)) return '其他'
  return '处置'
}
