/** REMOTE_PROGRAM of remote_protocol.x; numbers and shapes below are from there. */
export const REMOTE_PROGRAM = 0x20008086;
/** REMOTE_PROTOCOL_VERSION. */
export const VERSION = 1;

/** remote_procedure: those that are used. */
export const PROCEDURE = {
  connectOpen: 1,
  domainGetXmlDesc: 14,
  connectSupportsFeature: 60,
  authList: 66,
  authPolkit: 70,
  connectGetLibVersion: 157,
  connectListAllDomains: 273,
  connectDomainEventCallbackRegisterAny: 316,
  domainEventCallbackLifecycle: 318,
  connectGetAllDomainStats: 344,
  domainGetGuestInfo: 418,
} as const;
