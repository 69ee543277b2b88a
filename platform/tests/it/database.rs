//! The pool of database connections.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use souk_harness::{Proxy, empty_database_url};
use souk_platform::database::Database;
use souk_platform::error::{ApiError, ErrorCode};

#[tokio::test]
async fn a_connection_lost_in_the_middle_of_a_statement_is_unavailable_not_our_fault() {
    let proxy = Proxy::in_front_of(&empty_database_url().await).await;
    let database = Database::new(proxy.url(), 1).unwrap();
    let mut connection = database.get().await.unwrap();
    let (lost, ()) = tokio::join!(connection.batch_execute("SELECT pg_sleep(60)"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        proxy.cut();
    });
    let error = ApiError::from(lost.unwrap_err());
    assert_eq!(error.code, ErrorCode::Unavailable, "{}", error.message);
    drop(connection);

    proxy.restore();
    let mut connection = database.get().await.unwrap();
    connection.batch_execute("SELECT 1").await.unwrap();
    let refused = connection.batch_execute("SELECT nothing").await;
    assert_eq!(
        ApiError::from(refused.unwrap_err()).code,
        ErrorCode::Internal
    );
}
