export * from "./HostTransaction.ts"
export * as PostgresStore from "./PostgresStore.ts"
