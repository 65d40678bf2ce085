import type { catalogue } from '@xunge/types'
import { describe, expect, it } from 'vitest'
import { actOf, blankAct, lackingOf } from '../src/lib/actDraft'
import type { Shot } from '../src/lib/shots'

const subject = { id: 'case', description: '破损', category: 'C0103', address: '' }
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
    const without = actOf(action, blankAct(subject), subject, null)
    const withOne = actOf(action, { ...blankAct(subject), shots: [photo] }, subject, null)
    expect(lackingOf(action, without)).toEqual(['处置后照片：至少 1 张'])
    expect(lackingOf(action, withOne)).toEqual([])
  })

  it('amends only what was changed, and takes new photos as enough', () => {
    const action = asking({ name: 'amendment', required: true })
    const blank = blankAct(subject)
    const changed = { ...blank, amendment: { ...blank.amendment, address: '学院路 1 号' } }
    expect(lackingOf(action, actOf(action, blank, subject, null))).toHaveLength(1)
    expect(actOf(action, changed, subject, null).amendment).toEqual({ address: '学院路 1 号' })
    const photos = actOf(action, { ...blank, shots: [photo] }, subject, null)
    expect(lackingOf(action, photos)).toEqual([])
  })
})
