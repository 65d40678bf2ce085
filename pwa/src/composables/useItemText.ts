import type { OutboxItem } from '@xunge/client'
import { actIn, handOverIn, mergeIn, reportIn, splitIn } from '@/lib/commands'
import { commandName } from '@/lib/outboxText'
import { useReference } from './useReference'

/** What a recorded item is called, and what its author wrote, as the city names things. */
export function useItemText() {
  const { categoryName, actionName, userName } = useReference()

  function title(item: OutboxItem): string {
    if (item.locked) return '已锁定的记录'
    const [report, act] = [reportIn(item), actIn(item)]
    if (report) return `上报：${categoryName(report.category)}`
    return act ? actionName(act.action) : commandName(item.type)
  }

  function text(item: OutboxItem): string {
    const report = reportIn(item)
    if (report) return [report.description, report.address].find(Boolean) ?? ''
    const shift = handOverIn(item)
    if (shift) return `${shift.cases.length} 件交给${userName(shift.to)}`
    return (mergeIn(item) ?? splitIn(item))?.reason ?? actIn(item)?.opinion ?? ''
  }

  /** Whether an item has all of the words somewhere. */
  function matches(item: OutboxItem, words: string): boolean {
    const whole = `${title(item)} ${text(item)} ${item.code ?? ''}`.toLowerCase()
    return words
      .toLowerCase()
      .split(/\s+/)
      .every((word) => whole.includes(word))
  }

  return { title, text, matches }
}
