import type { cases, directory } from '@xunge/types'

export interface Holding {
  subject: cases.Case
  tasks: cases.OpenTask[]
  parts: cases.Assignment[]
  requests: cases.Request[]
}

type Me = Pick<directory.SessionView, 'user'>
type Colleague = Pick<directory.PersonView, 'org' | 'grids'>

function some({ tasks, parts, requests }: Holding): boolean {
  return tasks.length + parts.length + requests.length > 0
}

/** What a person has in hand: tasks, parts signed for, requests followed. */
export function holdingsOf(documents: readonly cases.Case[], { user }: Me): Holding[] {
  return documents
    .map((subject) => ({
      subject,
      tasks: subject.tasks.filter((task) => task.user === user),
      parts: subject.assignments.filter((part) => part.holder === user && part.state === 'open'),
      requests: subject.requests.filter((each) => each.keeper === user && each.state === 'open'),
    }))
    .filter(some)
}

/** What of it a colleague may take: tasks in a grid of theirs, the rest within one org. */
export function takeable(holdings: readonly Holding[], to: Colleague): Holding[] {
  return holdings
    .map(({ subject, tasks, parts, requests }) => ({
      subject,
      tasks: to.grids.includes(subject.grid) ? tasks : [],
      parts: parts.filter(({ org }) => org === to.org),
      requests: requests.filter(({ org }) => org === to.org),
    }))
    .filter(some)
}

/** 2 项任务、1 份签收的派遣、1 件申请. */
export function holdingText(holdings: readonly Holding[]): string {
  const count = (of: 'tasks' | 'parts' | 'requests') =>
    holdings.reduce((sum, each) => sum + each[of].length, 0)
  const [tasks, parts, requests] = [count('tasks'), count('parts'), count('requests')]
  return [
    tasks > 0 && `${tasks} 项任务`,
    parts > 0 && `${parts} 份签收的派遣`,
    requests > 0 && `${requests} 件申请`,
  ]
    .filter(Boolean)
    .join('、')
}
