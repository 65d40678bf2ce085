import { DeviceError } from '@xunge/client'
import { computed } from 'vue'
import { useClient } from '@/client'
import { once, useObservable } from './useObservable'
import { useSession } from './useSession'

export const PIN_LENGTH = 6
/** So long out of sight, and the PIN is asked for again. */
const LOCK_AFTER_MS = 10 * 60_000

/** The PIN of this device, and whether what is kept here can be read now. */
export const useVault = once(() => {
  const { vault, sync } = useClient()
  const state = useObservable(vault.state)
  const { session } = useSession()
  const demanded = computed(() => session.value?.holding.pin ?? false)

  let hiddenAt = Infinity
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') hiddenAt = Date.now()
    else if (Date.now() - hiddenAt > LOCK_AFTER_MS) vault.relock()
  })

  return {
    locked: computed(() => state.value.key === 'locked'),
    pin: computed(() => state.value.pin),
    demanded,
    /** The city asks for a PIN, and there is none yet. */
    missing: computed(() => demanded.value && !state.value.pin),
    unlock: async (pin: string) => {
      await vault.unlock(pin)
      void sync.pull()
    },
    setPin: async (old: string | null, pin: string | null) => {
      await vault.setPin(old, pin)
      void sync.pull()
    },
  }
})

export function pinError(problem: unknown): string {
  return problem instanceof DeviceError ? problem.message : '没有成功，请重试'
}
