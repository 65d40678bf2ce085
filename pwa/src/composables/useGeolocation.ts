import type { cases } from '@xunge/types'
import { onScopeDispose, readonly, ref, shallowRef } from 'vue'

type Position = cases.Position
export type FixState = 'searching' | 'found' | 'denied' | 'unavailable'

const fix = shallowRef<Position | null>(null)
const state = ref<FixState>('searching')
let watchers = 0
let watch: number | undefined

function start(): void {
  if (!('geolocation' in navigator)) {
    state.value = 'unavailable'
    return
  }
  watch = navigator.geolocation.watchPosition(found, failed, {
    enableHighAccuracy: true,
    maximumAge: 5_000,
    timeout: 20_000,
  })
}

function found({ coords }: GeolocationPosition): void {
  state.value = 'found'
  fix.value = {
    longitude: coords.longitude,
    latitude: coords.latitude,
    accuracy_m: coords.accuracy,
    source: coords.accuracy > 200 ? 'network' : 'gps',
    datum: 'WGS-84',
  }
}

function failed(error: GeolocationPositionError): void {
  if (error.code === error.PERMISSION_DENIED) state.value = 'denied'
  else if (!fix.value) state.value = 'unavailable'
}

/** Where the phone is, watched while any component uses it. `fix` is null until first found. */
export function useGeolocation() {
  if (watchers++ === 0) start()
  onScopeDispose(() => {
    if (--watchers === 0 && watch !== undefined) navigator.geolocation.clearWatch(watch)
  })
  return { fix: readonly(fix), state: readonly(state) }
}
