//! Positions on the globe and the distances between them.

use async_graphql::{InputObject, SimpleObject};

use crate::error::{ApiError, ApiResult};

/// The mean radius of the Earth in kilometres (IUGG). `distance_km` in the databases uses the same.
pub const EARTH_RADIUS_KM: f64 = 6371.0088;

/// A position on the globe (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, SimpleObject)]
#[graphql(shareable)]
pub struct Coordinates {
    /// Degrees north of the equator, -90 to 90.
    pub latitude: f64,
    /// Degrees east of Greenwich, -180 to 180.
    pub longitude: f64,
}

/// A position on the globe (WGS 84) that a client sends.
#[derive(Debug, Clone, Copy, PartialEq, InputObject)]
pub struct CoordinatesInput {
    /// Degrees north of the equator, -90 to 90.
    pub latitude: f64,
    /// Degrees east of Greenwich, -180 to 180.
    pub longitude: f64,
}

impl CoordinatesInput {
    /// The position, or `BAD_USER_INPUT` for `{argument}.latitude` or `{argument}.longitude` when it is not on the
    /// globe.
    pub fn on_globe(self, argument: &str) -> ApiResult<Coordinates> {
        on_globe(self.latitude, self.longitude, &format!("{argument}."))
    }
}

/// The position, or `BAD_USER_INPUT` for `{prefix}latitude` or `{prefix}longitude` when it is not on the globe.
pub fn on_globe(latitude: f64, longitude: f64, prefix: &str) -> ApiResult<Coordinates> {
    if !(-90.0..=90.0).contains(&latitude) {
        let message = format!("a latitude is between -90 and 90 degrees, got {latitude}");
        return Err(ApiError::bad_input(format!("{prefix}latitude"), message));
    }
    if !(-180.0..=180.0).contains(&longitude) {
        let message = format!("a longitude is between -180 and 180 degrees, got {longitude}");
        return Err(ApiError::bad_input(format!("{prefix}longitude"), message));
    }
    Ok(Coordinates {
        latitude,
        longitude,
    })
}

impl Coordinates {
    /// The great-circle distance in kilometres, by the haversine formula.
    pub fn distance_km(self, other: Coordinates) -> f64 {
        let half_latitude = (other.latitude - self.latitude).to_radians() / 2.0;
        let half_longitude = (other.longitude - self.longitude).to_radians() / 2.0;
        let cosines = self.latitude.to_radians().cos() * other.latitude.to_radians().cos();
        let haversine = half_latitude.sin().powi(2) + cosines * half_longitude.sin().powi(2);
        2.0 * EARTH_RADIUS_KM * haversine.sqrt().min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_atlas() {
        let berlin = Coordinates {
            latitude: 52.52,
            longitude: 13.405,
        };
        let paris = Coordinates {
            latitude: 48.8566,
            longitude: 2.3522,
        };
        assert!((berlin.distance_km(paris) - 877.5).abs() < 1.0);
        let west = Coordinates {
            latitude: 0.0,
            longitude: 179.9,
        };
        let east = Coordinates {
            latitude: 0.0,
            longitude: -179.9,
        };
        assert!(
            (west.distance_km(east) - 22.24).abs() < 0.01,
            "the short way over the date line"
        );
    }

    #[test]
    fn positions_off_the_globe_name_the_argument() {
        let refused = |latitude, longitude| {
            let error = CoordinatesInput {
                latitude,
                longitude,
            }
            .on_globe("input.position")
            .unwrap_err();
            error.argument.unwrap_or_default()
        };
        assert_eq!(refused(90.1, 0.0), "input.position.latitude");
        assert_eq!(refused(f64::NAN, 0.0), "input.position.latitude");
        assert_eq!(refused(0.0, -180.5), "input.position.longitude");
        assert!(
            CoordinatesInput {
                latitude: -90.0,
                longitude: 180.0
            }
            .on_globe("p")
            .is_ok()
        );
    }
}
