//! The kinds, named once. Whatever there is of each kind is made of this list: the settings, the rules, the words.

/// Gives the kinds to the macro `$then`. A kind is its folder and the type of its settings, which is called as the kind
/// is in [`Kind`](crate::domain::Kind); what stands above it is told of it by the schema of the configuration.
macro_rules! kinds {
    ($then:ident) => {
        $then! {
            /// A vehicle stands in a fire lane.
            fire_lane_parking FireLaneParking;
            /// Fewer people than required at the post.
            control_room_unattended ControlRoomUnattended;
            /// An e-bike is taken into an elevator.
            ebike_in_elevator EbikeInElevator;
        }
    };
}

pub(super) use kinds;
