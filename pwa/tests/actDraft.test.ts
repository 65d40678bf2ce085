import type { catalogue } from '@xunge/types'
import { describe, expect, it } from 'vitest'
import {
  actOf,
  blankAct,
  blankTarget,
  draftOfAct,
  lackingOf,
  shotsOf,
  type ActDraft,
} from '../src/lib/actDraft'
import type { Shot } from '../src/lib/shots'

const subject = {
  id: 'case',
  description: '破损',
  category: 'C0103',
  address: '',
  owners: [],
  labels: ['loud'],
}
const NOW = Date.parse('2026-11-21T09:00:00+08:00')
const photo: Shot = {
  id: 'm',
  role: 'after',
  origin: 'camera',
  sha256: '0',
  size: 1,
  taken_at: null,
  position: null,
}

function asking(...inputs: Partial<catalogue.Input>[]): catalogue.Action {
  const blank = {
    label: '项',
    required: false,
    choices: [],
    within: [],
    media_role: null,
    minimum: 0,
  }
  return {
    code: 'act',
    name: '办理',
    states: [],
    to: null,
    to_by_verdict: {},
    effects_by_verdict: {},
    permission: null,
    party: [],
    branches: [],
    when: '',
    items: [],
    request: null,
    directive: null,
    after_end: false,
    task: null,
    effects: [],
    tone: 'default',
    inputs: inputs.map((input) => ({ name: 'opinion', ...blank, ...input })),
  }
}

function lacking(action: catalogue.Action, filled: Partial<ActDraft> = {}): string[] {
  const draft = { ...blankAct(subject), ...filled }
  return lackingOf(action, draft, actOf(action, draft, subject, null), NOW)
}

describe('an act as its action asks for it', () => {
  it('sends only what the action asks for', () => {
    const draft = { ...blankAct(subject), opinion: ' 好 ', reason: '不用', shots: [photo] }
    expect(actOf(asking({ name: 'opinion' }), draft, subject, null)).toEqual({
      case: 'case',
      action: 'act',
      opinion: '好',
    })
  })

  it('names the task it answers', () => {
    expect(actOf(asking(), blankAct(subject), subject, 'task')).toMatchObject({ task: 'task' })
  })

  it('counts photos by their role', () => {
    const action = asking({ name: 'media', label: '处置后照片', media_role: 'after', minimum: 1 })
    expect(lacking(action)).toEqual(['处置后照片：至少 1 张'])
    expect(lacking(action, { shots: [{ ...photo, role: 'near' }] })).toHaveLength(1)
    expect(lacking(action, { shots: [photo] })).toEqual([])
  })

  it('amends only what was changed, and takes new photos as enough', () => {
    const action = asking({ name: 'amendment', required: true })
    const blank = blankAct(subject)
    const changed = { ...blank, amendment: { ...blank.amendment, address: '学院路 1 号' } }
    expect(lacking(action)).toHaveLength(1)
    expect(actOf(action, changed, subject, null).amendment).toEqual({ address: '学院路 1 号' })
    expect(lacking(action, { shots: [photo] })).toEqual([])
  })

  it('gives to one org with its limit, or to several with theirs', () => {
    const action = asking({ name: 'org' }, { name: 'targets' }, { name: 'limit' })
    const limit = { value: 2, unit: 'work_day' as const }
    const targets = [{ ...blankTarget('water', 'main', ' 关阀 '), limit, shots: [photo] }]
    const draft = { ...blankAct(subject), org: 'roads', limit, targets }
    expect(actOf(action, draft, subject, null)).toEqual({
      case: 'case',
      action: 'act',
      org: 'roads',
      limit,
    })
    expect(actOf(action, { ...draft, several: true }, subject, null)).toEqual({
      case: 'case',
      action: 'act',
      targets: [{ org: 'water', kind: 'main', requirement: '关阀', limit, media: [photo] }],
    })
    expect(shotsOf(draft)).toEqual([photo])
    expect(lacking(action, { several: true })).toEqual(['请选择项'])
  })

  it('wants a reason from the list that belongs to the answer, and only then', () => {
    const choice = { code: 'good', name: '满意', reasons: [] }
    const action = asking(
      { name: 'verdict', choices: [choice, { code: 'bad', name: '不满意', reasons: ['太慢'] }] },
      { name: 'reason' },
    )
    expect(lacking(action, { verdict: 'good', reason: '太慢' })).toEqual([])
    expect(
      actOf(action, { ...blankAct(subject), verdict: 'good', reason: '太慢' }, subject, null),
    ).toEqual({ case: 'case', action: 'act', verdict: 'good' })
    expect(lacking(action, { verdict: 'bad' })).toEqual(['请选择原因'])
    expect(lacking(action, { verdict: 'bad', reason: '太慢' })).toEqual([])
  })

  it('refuses a time that has passed', () => {
    const action = asking({ name: 'until', label: '挂账到' })
    expect(lacking(action)).toEqual([])
    expect(lacking(action, { until: '2026-11-21T00:00:00Z' })[0]).toContain('挂账到不能早于现在')
    expect(lacking(action, { until: '2026-11-22T00:00:00Z' })).toEqual([])
  })

  it('may take all labels off', () => {
    const action = asking({ name: 'labels' })
    expect(actOf(action, blankAct(subject), subject, null).labels).toEqual(['loud'])
    expect(actOf(action, { ...blankAct(subject), labels: [] }, subject, null).labels).toEqual([])
  })

  it('is the same draft again when it was refused', () => {
    const action = asking({ name: 'targets' }, { name: 'until' }, { name: 'opinion' })
    const draft = {
      ...blankAct(subject),
      several: true,
      opinion: '请办',
      until: '2026-11-22T00:00:00.000Z',
      targets: [{ ...blankTarget('water', 'help', '抽水'), shots: [photo] }],
    }
    expect(draftOfAct(actOf(action, draft, subject, null), subject)).toEqual(draft)
  })
})
