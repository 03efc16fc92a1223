// In the mutation run a property fails at its first counterexample: to make it small is time spent for nobody.
import { configureGlobal } from "fast-check"

configureGlobal({ endOnFailure: true })
