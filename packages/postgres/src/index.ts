export { type BrokenSeal, type ChainVerification, verifyChain } from "./HashChain.ts"
export * from "./HostTransaction.ts"
export * as PostgresStore from "./PostgresStore.ts"
export { Patience } from "./Transaction.ts"
