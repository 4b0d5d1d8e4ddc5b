impl Store {
    const LIMIT: usize = 10;
    const fn limit() -> usize {
        Self::LIMIT
    }
    #[::starpunk_metrics::monitored_query(slow = "50ms")]
    fn all(&self) -> Vec<Note> {
        self.query(ALL)
    }
    #[monitored_query("recent")]
    async fn recent(&self) -> Vec<Note> {
        self.query(RECENT)
    }
    #[monitored_query(skip)]
    fn len(&self) -> usize {
        self.0.len()
    }
}
