impl Store {
    const LIMIT: usize = 10;
    const fn limit() -> usize {
        Self::LIMIT
    }
    #[::starpunk_metrics::monitored_query(__starpunk_from_block, slow = "50ms")]
    fn all(&self) -> Vec<Note> {
        self.query(ALL)
    }
    #[monitored_query("recent")]
    #[::starpunk_metrics::monitored_query(__starpunk_from_block, slow = "50ms")]
    async fn recent(&self) -> Vec<Note> {
        self.query(RECENT)
    }
    #[monitored_query(skip)]
    #[::starpunk_metrics::monitored_query(__starpunk_from_block, slow = "50ms")]
    fn len(&self) -> usize {
        self.0.len()
    }
}
