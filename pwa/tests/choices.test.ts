import type { catalogue } from '@xunge/types'
import { describe, expect, it } from 'vitest'
import { grouped, primaryOf } from '../src/lib/actionGroups'
import { exceeds } from '../src/lib/choices'

function action(code: string, more: Partial<catalogue.Action> = {}): catalogue.Action {
  return {
    code,
    name: code,
    states: [],
    to: null,
    to_by_verdict: {},
    branches: [],
    permission: null,
    party: [],
    task: null,
    when: '',
    inputs: [],
    items: [],
    effects: [],
    effects_by_verdict: {},
    request: null,
    directive: null,
    after_end: false,
    tone: 'default',
    ...more,
  }
}

describe('the actions of a post', () => {
  const handle = action('handle', { tone: 'primary', effects: ['answer_assignment'] })
  const check = action('check', { tone: 'primary', task: 'check' })
  const extend = action('extend', { request: 'extension', effects: ['ask'] })
  const urge = action('urge', { directive: 'urge', effects: ['direct'] })
  const mark = action('mark', { effects: ['set_labels'] })
  const abolish = action('abolish', { tone: 'danger', effects: ['void_tasks'] })

  it('have one that stands out: my task before all', () => {
    expect(primaryOf([extend, handle, check])?.code).toBe('check')
    expect(primaryOf([extend, handle])?.code).toBe('handle')
  })

  it('have one that stands out: who waits for my word, then what only this state allows', () => {
    const assign = action('assign', { tone: 'primary', states: ['raised', 'to_close'] })
    const close = action('close', { tone: 'primary', states: ['to_close'] })
    const answer = action('answer', {
      tone: 'primary',
      states: ['raised', 'to_close'],
      effects: ['answer_request'],
    })
    expect(primaryOf([assign, close])?.code).toBe('close')
    expect(primaryOf([assign, close, answer])?.code).toBe('answer')
  })

  it('have none that stands out when none is the next step', () => {
    expect(primaryOf([urge, mark, abolish])).toBeUndefined()
    expect(primaryOf([urge])?.code).toBe('urge')
  })

  it('lie under what one looks for them by, each once', () => {
    const all = [handle, extend, urge, mark, abolish]
    expect(
      grouped(all, handle).map(({ name, actions }) => [name, actions.map((a) => a.code)]),
    ).toEqual([
      ['处置', ['abolish']],
      ['申请', ['extend']],
      ['督办', ['urge']],
      ['其他', ['mark']],
    ])
  })
})

describe('what a level may grant', () => {
  const day = (value: number, unit: catalogue.Limit['unit'] = 'work_day') => ({ value, unit })

  it('is compared where no calendar is needed', () => {
    expect(exceeds(day(2), day(1))).toBe(true)
    expect(exceeds(day(1), day(1))).toBe(false)
    expect(exceeds(day(90, 'work_minute'), day(1, 'work_hour'))).toBe(true)
    expect(exceeds(day(25, 'urgent_hour'), day(1, 'urgent_day'))).toBe(true)
  })

  it('is left to the service otherwise', () => {
    expect(exceeds(day(100, 'work_hour'), day(1))).toBe(false)
  })
})
