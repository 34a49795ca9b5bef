export interface Rows<Row = any> {
  rows: Row[]
  rowCount: number | null
  command: string
  fields: { name: string, dataTypeID: number }[]
}

export interface Transaction {
  query<Row = any>(sql: string, parameters?: unknown[]): Promise<Rows<Row>>
}

/** The project's schema in Postgres. */
export interface Database extends Transaction {
  /** Commits when `work` resolves, rolls back when it rejects. */
  transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    options?: { isolation?: 'read-committed' | 'repeatable-read' | 'serializable', readOnly?: boolean },
  ): Promise<T>
}
