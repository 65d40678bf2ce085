import type { cases, catalogue } from '@xunge/types'

/** Lines of the timeline that are no action of the flow. */
const OWN: Record<string, string> = { report: '上报', split: '拆案', hand_over: '交班' }

const BY_RULE: Record<string, string> = {
  open_check_task: '自动派出核查',
  dispatch: '自动派遣',
  resume: '挂账到期，自动恢复办理',
  directive_overdue: '督办逾期未回复',
  failed_again: '再次核查未通过，已告知处置部门',
}

/** What a step is called; what the rules did by themselves says so by itself. */
export function stepName(step: cases.Step, flow: catalogue.Flow | undefined): string {
  if (step.user === null) {
    const timer = flow?.states
      .flatMap(({ timers }) => timers)
      .find(({ code }) => code === step.action)
    return BY_RULE[step.action] ?? timer?.name ?? '按规则自动办理'
  }
  if (step.action === 'merge') return step.to_state === 'merged' ? '并入其他案件' : '收进并案'
  return (
    flow?.actions.find(({ code }) => code === step.action)?.name ?? OWN[step.action] ?? step.action
  )
}

/** The name of a verdict as the action calls it. */
export function verdictName(step: cases.Step, flow: catalogue.Flow | undefined): string | null {
  const action = flow?.actions.find(({ code }) => code === step.action)
  const choices = action?.inputs.find(({ name }) => name === 'verdict')?.choices ?? []
  return choices.find(({ code }) => code === step.verdict)?.name ?? step.verdict
}

/** The other case of a merge or split, as its step keeps it. */
export function otherCase({ answers }: cases.Step): { id: string; number: string } | null {
  const { case: id, number } = answers as Record<string, unknown>
  return typeof id === 'string' && typeof number === 'string' ? { id, number } : null
}

/** To whom a shift's work went. */
export function handedTo({ action, answers }: cases.Step): string | null {
  const { to } = answers as Record<string, unknown>
  return action === 'hand_over' && typeof to === 'string' ? to : null
}
