import type { cases } from '@xunge/types'
import { describe, expect, it } from 'vitest'
import { timings } from '../src/lib/timings'

const names = { state: (code: string) => `<${code}>`, org: (code: string) => `<${code}>` }

function clock(id: string, due: number, more: Partial<cases.Clock> = {}): cases.Clock {
  return {
    id,
    owner: null,
    name: 'filed',
    limit: { value: 1, unit: 'work_day' },
    calendar: 'standard',
    spans: [],
    started_at: '2026-11-20T00:00:00Z',
    yellow_at: '2026-11-20T00:00:00Z',
    due_at: `2026-11-${due}T00:00:00Z`,
    stopped_at: null,
    paused: false,
    bundle: null,
    extra: [],
    ...more,
  }
}

function shown(clocks: cases.Clock[], suspended = false): string[] {
  const assignments = ['water', 'roads'].map((org) => ({ id: org, org })) as cases.Assignment[]
  return timings({ clocks, assignments, suspended }, names).map(({ name }) => name)
}

describe('the limits of a case', () => {
  it('are called by what they time, the earliest first, without those that have stopped', () => {
    const done = clock('c', 21, { stopped_at: '2026-11-20T00:00:00Z' })
    expect(shown([clock('a', 25, { name: 'whole' }), clock('b', 22), done])).toEqual([
      '<filed>时限',
      '全程时限',
    ])
  })

  it('show of several orgs the earliest that runs', () => {
    const water = clock('w', 22, { owner: 'water', paused: true })
    const roads = clock('r', 24, { owner: 'roads' })
    expect(shown([water])).toEqual(['处置时限'])
    expect(shown([water, roads])).toEqual(['处置时限（最早：<roads>）'])
  })

  it('leave out what waits for the case to come back, unless all of it stands still', () => {
    const waiting = clock('t', 22, { name: 'taking', paused: true })
    const whole = clock('w', 25, { name: 'whole', paused: true })
    expect(shown([waiting, whole])).toEqual(['全程时限'])
    expect(shown([waiting, whole], true)).toEqual(['<taking>时限', '全程时限'])
  })

  it('say whether nights count', () => {
    const night = clock('n', 22, { limit: { value: 2, unit: 'urgent_hour' } })
    const both = timings(
      { clocks: [night, clock('d', 23)], assignments: [], suspended: false },
      names,
    )
    expect(both.map(({ natural }) => natural)).toEqual([true, false])
  })
})
