/** Times as people read them, in the device's zone. Input: RFC 3339 text or milliseconds. */

import { lamp, type Lamp } from '@xunge/rules'

type When = string | number | Date

const clock = new Intl.DateTimeFormat('zh-CN', {
  hour: '2-digit',
  minute: '2-digit',
  hour12: false,
})
const monthDay = new Intl.DateTimeFormat('zh-CN', { month: 'long', day: 'numeric' })
const fullDay = new Intl.DateTimeFormat('zh-CN', { year: 'numeric', month: 'long', day: 'numeric' })
const exactFormat = new Intl.DateTimeFormat('zh-CN', { dateStyle: 'long', timeStyle: 'medium' })

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const cityDays = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' })

/** The date in the city, yyyy-mm-dd: the zone that appointments and grids begin and end in. */
export function cityDay(when: When): string {
  return cityDays.format(new Date(when))
}

function midnight(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0)
}

export function exact(when: When): string {
  return exactFormat.format(new Date(when))
}

/** 刚刚, 3 分钟前, 今天 09:10, 昨天 14:20, 3月5日 08:00, 2024年3月5日. */
export function ago(when: When, now: number): string {
  const time = new Date(when).getTime()
  const passed = now - time
  if (passed < MINUTE && passed > -MINUTE) return '刚刚'
  if (passed > 0 && passed < HOUR) return `${Math.floor(passed / MINUTE)} 分钟前`
  const days = Math.round((midnight(now) - midnight(time)) / DAY)
  if (days === 0) return `今天 ${clock.format(time)}`
  if (days === 1) return `昨天 ${clock.format(time)}`
  if (days === -1) return `明天 ${clock.format(time)}`
  if (new Date(time).getFullYear() === new Date(now).getFullYear()) {
    return `${monthDay.format(time)} ${clock.format(time)}`
  }
  return fullDay.format(time)
}

/** An instant as a datetime-local field shows it, to the minute. */
export function toLocal(when: When): string {
  const time = new Date(when)
  if (Number.isNaN(time.getTime())) return ''
  return new Date(time.getTime() - time.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16)
}

/** The instant that a datetime-local field means; null when it is empty. */
export function fromLocal(text: string): string | null {
  return text ? new Date(text).toISOString() : null
}

const weekday = new Intl.DateTimeFormat('zh-CN', { weekday: 'short' })

/** When something must be done, as one says it: 今天 17:30 前, 周一 9:00 前, 12月3日 9:00 前. */
export function dueText(due: When, now: number): string {
  const time = new Date(due)
  const at = `${time.getHours()}:${String(time.getMinutes()).padStart(2, '0')}`
  const days = Math.round((midnight(time.getTime()) - midnight(now)) / DAY)
  if (days >= -1 && days <= 1) return `${['昨天', '今天', '明天'][days + 1]} ${at} 前`
  if (days > 1 && days < 7) return `${weekday.format(time)} ${at} 前`
  const sameYear = time.getFullYear() === new Date(now).getFullYear()
  return `${(sameYear ? monthDay : fullDay).format(time)} ${at} 前`
}

/** A length of time in its largest unit: 40 分钟, 2 小时, 3 天. */
export function span(milliseconds: number): string {
  const length = Math.abs(milliseconds)
  if (length < HOUR) return `${Math.max(1, Math.round(length / MINUTE))} 分钟`
  if (length < 2 * DAY) return `${Math.round(length / HOUR)} 小时`
  return `${Math.round(length / DAY)} 天`
}

/** 还剩 2 小时, or 超时 3 小时. */
export function remaining(due: When, now: number): string {
  const left = new Date(due).getTime() - now
  return left >= 0 ? `还剩 ${span(left)}` : `超时 ${span(left)}`
}

const UNITS: Record<string, string> = {
  work_minute: '工作分钟',
  work_hour: '工作小时',
  work_day: '个工作日',
  urgent_hour: '小时（含夜间节假日）',
  urgent_day: '天（含节假日）',
}

export function limitText(limit: { value: number; unit: string }): string {
  return `${limit.value} ${UNITS[limit.unit] ?? limit.unit}`
}

export function metres(distance: number): string {
  return distance < 1000 ? `${Math.round(distance)} 米` : `${(distance / 1000).toFixed(1)} 公里`
}

/** The lamp of something due; without a yellow instant it goes from green straight to red. */
export function lampOf(yellow: string | null, due: string | null, now: number): Lamp | null {
  return lamp(yellow ?? due, due, now)
}
