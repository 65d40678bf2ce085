import type { Shot } from '../src/lib/shots'
import { expect, it } from 'vitest'
import { cityNow, shotsIn, withAnswer } from '../src/lib/form'
import { blankReport, draftOf, missingOf } from '../src/lib/reportDraft'

function shot(id: string, role: Shot['role']): Shot {
  return { id, role, origin: 'camera', sha256: '0', size: 1, taken_at: null, position: null }
}

it('gives the time in the city, whatever zone the device is in', () => {
  expect(cityNow(Date.parse('2026-11-20T17:30:00Z'))).toBe('2026-11-21T01:30:00+08:00')
})

it('forgets an answer that was taken back, and keeps zero', () => {
  expect(withAnswer({ a: 1, b: 2 }, 'a', '')).toEqual({ b: 2 })
  expect(withAnswer({ a: ['x'] }, 'a', [])).toEqual({})
  expect(withAnswer({}, 'a', 0)).toEqual({ a: 0 })
})

it('sends only the photos of a form that an answer still names, however deep', () => {
  const shots = [shot('near', 'near'), shot('kept', 'form'), shot('hidden', 'form')]
  const answers = { people: [{ scene: { photos: ['kept'] } }] }
  expect(shotsIn(answers, shots).map(({ id }) => id)).toEqual(['near', 'kept'])
})

it('asks for the form between what and where', () => {
  const draft = { ...blankReport(), form: { code: 'unrest', version: 1 } }
  const missing = missingOf(draft, [], true, ['“类型”还没有填'])
  expect(missing).toEqual([
    { step: 2, text: '还没有选择类别' },
    { step: 3, text: '“类型”还没有填' },
    { step: 4, text: '还没有位置，请在地图上标出' },
  ])
})

it('opens a refused report with its form as it was filled', () => {
  const form = { code: 'unrest', version: 2 }
  const report = {
    case: 'c',
    report: 'r',
    category: 'H0103',
    description: '',
    position: { longitude: 120, latitude: 28 },
    form,
    answers: { kind: 'other' },
  }
  expect(draftOf(report)).toMatchObject({ form, answers: { kind: 'other' } })
})
