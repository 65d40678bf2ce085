/** A desk has many boxes: what to work on, what is watched from above, what I have to do with, and
 * what is over. Told from what each flow's box asks of a case.
 */

import type { catalogue } from '@xunge/types'
import type { Counts } from './caseApi'

type Count = Counts['boxes'][number]

export interface BoxGroup {
  name: string
  boxes: Count[]
}

const WORK = new Set<string | null>([null, 'assignee', 'closer', 'answerer', 'directed'])
const NAMES = ['办理', '督办与挂账', '与我有关', '办结与回访'] as const

export function groupBoxes(boxes: readonly Count[], flows: readonly catalogue.Flow[]): BoxGroup[] {
  const groups = new Map<string, Count[]>(NAMES.map((name) => [name, []]))
  for (const box of boxes) groups.get(NAMES[groupOf(box.code, flows)])?.push(box)
  return [...groups]
    .filter(([, inside]) => inside.length > 0)
    .map(([name, inside]) => ({ name, boxes: inside }))
}

function groupOf(code: string, flows: readonly catalogue.Flow[]): 0 | 1 | 2 | 3 {
  for (const flow of flows) {
    const box = flow.boxes.find((each) => each.code === code)
    if (!box) continue
    if (box.supervision !== null || box.suspended !== null) return 1
    if (!WORK.has(box.party)) return 2
    if (box.call_back !== null || isOver(box, flow)) return 3
    return 0
  }
  return 0
}

function isOver(box: catalogue.Box, flow: catalogue.Flow): boolean {
  const ended = new Set(
    flow.states.filter(({ ending }) => ending !== null).map((state) => state.code),
  )
  return box.states.length > 0 && box.states.every((state) => ended.has(state))
}
