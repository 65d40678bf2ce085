import type { Payloads } from '@xunge/client'
import { ref } from 'vue'
import { useClient } from '@/client'
import { sendCorrection } from './useCorrection'
import { useNotice } from './useNotice'

type Order = 'case.merge' | 'case.split' | 'case.hand_over' | 'command.decide'

/** Orders without photos, on several cases or of an administrator: recorded in the outbox, or put in a refused one's place. */
export function useOrders() {
  const { outbox } = useClient()
  const { complain } = useNotice()
  const busy = ref(false)

  /** True when it is stored; else the person was told why not. */
  async function send<T extends Order>(
    type: T,
    payload: Payloads[T],
    bases: Record<string, number>,
    corrects?: string,
  ): Promise<boolean> {
    busy.value = true
    try {
      if (corrects !== undefined) await sendCorrection(corrects, payload, [], `correct:${corrects}`)
      else await outbox.submit(type, payload, { bases })
      return true
    } catch (error) {
      complain(error instanceof Error ? error.message : '没有存下，请重试')
      return false
    } finally {
      busy.value = false
    }
  }

  return { send, busy }
}
