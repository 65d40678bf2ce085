import { describe, expect, it } from 'vitest'
import { ago, dueText, fromLocal, lampOf, remaining, toLocal } from '../src/lib/time'

const now = new Date(2026, 2, 5, 15, 0).getTime()
const at = (...parts: [number, number, number, number, number]) => new Date(...parts)

describe('times as people read them', () => {
  it.each([
    ['刚刚', at(2026, 2, 5, 14, 59)],
    ['3 分钟前', at(2026, 2, 5, 14, 57)],
    ['今天 09:05', at(2026, 2, 5, 9, 5)],
    ['昨天 14:20', at(2026, 2, 4, 14, 20)],
    ['3月1日 08:00', at(2026, 2, 1, 8, 0)],
    ['2025年12月31日', at(2025, 11, 31, 8, 0)],
    ['明天 08:00', at(2026, 2, 6, 8, 0)],
  ])('%s', (text, when) => {
    const close = text === '刚刚' ? now - 30_000 : when
    expect(ago(close, now)).toBe(text)
  })

  it('says what is left, and by how much it is late', () => {
    expect(remaining(now + 2 * 3_600_000, now)).toBe('还剩 2 小时')
    expect(remaining(now + 20 * 60_000, now)).toBe('还剩 20 分钟')
    expect(remaining(now - 3 * 3_600_000, now)).toBe('超时 3 小时')
    expect(remaining(now + 3 * 86_400_000, now)).toBe('还剩 3 天')
  })

  it.each([
    ['今天 17:30 前', at(2026, 2, 5, 17, 30)],
    ['明天 9:00 前', at(2026, 2, 6, 9, 0)],
    ['昨天 9:05 前', at(2026, 2, 4, 9, 5)],
    ['周一 9:00 前', at(2026, 2, 9, 9, 0)],
    ['3月20日 9:00 前', at(2026, 2, 20, 9, 0)],
    ['2027年1月4日 9:00 前', at(2027, 0, 4, 9, 0)],
  ])('is due %s', (text, when) => {
    expect(dueText(when, now)).toBe(text)
  })

  it('goes through a date field and back', () => {
    expect(toLocal(at(2026, 2, 5, 9, 5))).toBe('2026-03-05T09:05')
    expect(fromLocal('2026-03-05T09:05')).toBe(at(2026, 2, 5, 9, 5).toISOString())
    expect([toLocal(''), fromLocal('')]).toEqual(['', null])
  })

  it('turns red once due, though nothing says when it was yellow', () => {
    const due = new Date(now).toISOString()
    expect(lampOf(null, due, now - 1)).toBe('green')
    expect(lampOf(null, due, now + 1)).toBe('red')
    expect(lampOf(null, null, now)).toBeNull()
  })
})
