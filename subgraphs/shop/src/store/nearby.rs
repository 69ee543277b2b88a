//! Which shops are near a point.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::geo::Coordinates;
use uuid::Uuid;

use crate::domain::nearby::boxes;

/// Where to search, and from which place in the result on.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// The point.
    pub centre: Coordinates,
    /// How far from it.
    pub radius_km: f64,
    /// The last shop of the page before, with its distance.
    pub after: Option<(f64, Uuid)>,
    /// At most so many.
    pub limit: i64,
}

/// An approved shop with its nearest branch.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct NearbyRow {
    /// The shop.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub shop_id: Uuid,
    /// The branch of it that is nearest.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub branch_id: Uuid,
    /// The distance of that branch in kilometres.
    #[diesel(sql_type = Double)]
    pub distance_km: f64,
}

/// The approved shops within the radius, nearest first, equally near ones by id.
pub async fn search(
    connection: &mut AsyncPgConnection,
    search: Search,
) -> QueryResult<Vec<NearbyRow>> {
    let [one, other] = boxes(search.centre, search.radius_km);
    let query = diesel::sql_query(
        "WITH nearest AS ( \
             SELECT DISTINCT ON (branch.shop_id) branch.shop_id, branch.id AS branch_id, \
                 distance_km(branch.latitude, branch.longitude, $1, $2) AS distance_km \
             FROM branches AS branch JOIN shops AS shop ON shop.id = branch.shop_id \
             WHERE shop.status = 'APPROVED' AND ( \
                 point(branch.longitude, branch.latitude) <@ box(point($3, $4), point($5, $6)) \
                 OR point(branch.longitude, branch.latitude) <@ box(point($7, $8), point($9, $10)) \
             ) \
             ORDER BY branch.shop_id, distance_km, branch.id \
         ) \
         SELECT shop_id, branch_id, distance_km FROM nearest \
         WHERE distance_km <= $11 AND ($12 IS NULL OR (distance_km, shop_id) > ($12, $13)) \
         ORDER BY distance_km, shop_id LIMIT $14",
    );
    query
        .bind::<Double, _>(search.centre.latitude)
        .bind::<Double, _>(search.centre.longitude)
        .bind::<Double, _>(one.west)
        .bind::<Double, _>(one.south)
        .bind::<Double, _>(one.east)
        .bind::<Double, _>(one.north)
        .bind::<Double, _>(other.west)
        .bind::<Double, _>(other.south)
        .bind::<Double, _>(other.east)
        .bind::<Double, _>(other.north)
        .bind::<Double, _>(search.radius_km)
        .bind::<Nullable<Double>, _>(search.after.map(|(distance, _)| distance))
        .bind::<Nullable<diesel::sql_types::Uuid>, _>(search.after.map(|(_, shop)| shop))
        .bind::<BigInt, _>(search.limit)
        .load(connection)
        .await
}
