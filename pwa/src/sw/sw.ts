/// <reference lib="webworker" />
import { answerFromShell } from './shell'
import { flushInBackground } from './sync'
import { updateWhenAsked } from './update'

declare const self: ServiceWorkerGlobalScope

answerFromShell(self.__WB_MANIFEST)
updateWhenAsked(self)
flushInBackground(self)
