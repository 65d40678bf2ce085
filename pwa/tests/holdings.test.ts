import type { cases } from '@xunge/types'
import { describe, expect, it } from 'vitest'
import { holdingsOf, holdingText, takeable } from '../src/lib/holdings'

type Case = cases.Case

function held(id: string, grid: string, more: Partial<Case> = {}): Case {
  return { id, grid, tasks: [], assignments: [], requests: [], ...more } as unknown as Case
}

const task = { user: 'me' } as cases.OpenTask
const part = (org: string, state: string, holder: string | null = 'me') =>
  ({ org, state, holder }) as cases.Assignment
const request = (org: string, state: string) => ({ org, state, keeper: 'me' }) as cases.Request

describe('what goes over at the end of a shift', () => {
  const documents = [
    held('a', 'G1', { tasks: [task], requests: [request('roads', 'open')] }),
    held('b', 'G2', { tasks: [task] }),
    held('c', 'G2', { assignments: [part('roads', 'open'), part('roads', 'answered')] }),
    held('d', 'G1', { assignments: [part('roads', 'open', 'other'), part('roads', 'open', null)] }),
    held('e', 'G1', { requests: [request('roads', 'granted')] }),
  ]
  const mine = holdingsOf(documents, { user: 'me' })

  it('is what I hold and have not finished', () => {
    expect(mine.map(({ subject }) => subject.id)).toEqual(['a', 'b', 'c'])
    expect(holdingText(mine)).toBe('2 项任务、1 份签收的派遣、1 件申请')
  })

  it('is only what that colleague may take', () => {
    const near = takeable(mine, { org: 'parks', grids: ['G1'] })
    expect(near.map(({ subject }) => subject.id)).toEqual(['a'])
    expect(holdingText(near)).toBe('1 项任务')
    const same = takeable(mine, { org: 'roads', grids: [] })
    expect(holdingText(same)).toBe('1 份签收的派遣、1 件申请')
  })
})
