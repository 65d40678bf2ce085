import type { catalogue } from '@xunge/types'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { groupBoxes } from '../src/lib/boxes'

const path = '../../shared-schemas/packs/330304/flow-city-management.json'
const shipped = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as catalogue.Flow
/** The file leaves out what is not asked; a device has it as null. */
const flow = {
  ...shipped,
  states: shipped.states.map((state) => ({ ...state, ending: state.ending ?? null })),
  boxes: shipped.boxes.map((box) => ({
    ...box,
    party: box.party ?? null,
    supervision: box.supervision ?? null,
    suspended: box.suspended ?? null,
    call_back: box.call_back ?? null,
  })),
}

describe('boxes', () => {
  it('stand with those of their kind, in the order of the flow', () => {
    const groups = groupBoxes(
      flow.boxes.map(({ code, name }) => ({ code, name, count: 1 })),
      [flow],
    )
    expect(groups.map(({ name, boxes }) => [name, boxes.map(({ code }) => code)])).toEqual([
      [
        '办理',
        [
          'to_accept',
          'verifying',
          'to_file',
          'to_dispatch',
          'coordinating',
          'handling',
          'to_check',
          'to_close',
          'to_handle',
          'handled',
          'directed',
          'to_answer',
        ],
      ],
      ['督办与挂账', ['near', 'supervised', 'overdue', 'circulated', 'suspended']],
      ['与我有关', ['asked', 'copied', 'involved', 'owned']],
      ['办结与回访', ['ended', 'to_call_back', 'called_back']],
    ])
  })

  it('are not lost when this device does not know their flow yet', () => {
    const box = { code: 'new', name: '新', count: 2 }
    expect(groupBoxes([box], [])).toEqual([{ name: '办理', boxes: [box] }])
  })
})
