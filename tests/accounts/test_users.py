"""Users: one a name, always an administrator left."""

import pytest
import redis

from tests.accounts.conftest import NAMESPACE, side_by_side
from thumbapp.accounts.model import Role
from thumbapp.accounts.users import UserStore
from thumbapp.errors import LastAdmin, UserExists, UserNotFound


@pytest.fixture
def users(any_client: redis.Redis) -> UserStore:
    """Return an empty store on a server of each kind."""
    return UserStore(any_client, namespace=NAMESPACE)


def test_a_user_is_found_by_id_and_by_name_in_any_case(users: UserStore) -> None:
    made = users.add("Ala", role=Role.OPERATOR, password_hash="hash")

    assert users.find(made.id) == users.named("aLA") == users.all()[0]
    assert users.named("ala").role is Role.OPERATOR
    assert users.find("u-nobody") is None


def test_a_name_is_taken_once(users: UserStore) -> None:
    users.add("ala", role=Role.USER)

    with pytest.raises(UserExists):
        users.add("ALA", role=Role.ADMIN)

    assert [user.role for user in users.all()] == [Role.USER]


def test_of_many_who_want_a_name_at_once_one_gets_it(users: UserStore) -> None:
    def want(number: int) -> bool:
        try:
            users.add("ala", role=Role.USER)
        except UserExists:
            return False
        return True

    assert sum(side_by_side(8, want)) == 1


def test_the_last_administrator_stays_one(users: UserStore) -> None:
    last = users.add("ala", role=Role.ADMIN)
    users.add("ola", role=Role.OPERATOR)

    with pytest.raises(LastAdmin):
        users.remove(last)
    with pytest.raises(LastAdmin):
        users.change_role(last, Role.USER)

    assert users.named("ala").role is Role.ADMIN


def test_of_two_administrators_who_remove_each_other_one_stays(users: UserStore) -> None:
    admins = [users.add("ala", role=Role.ADMIN), users.add("ola", role=Role.ADMIN)]

    def remove(number: int) -> bool:
        try:
            users.remove(admins[number])
        except LastAdmin:
            return False
        return True

    assert sorted(side_by_side(2, remove)) == [False, True]
    assert len(users.all()) == 1


def test_a_role_can_be_given_and_taken(users: UserStore) -> None:
    first, second = users.add("ala", role=Role.ADMIN), users.add("ola", role=Role.USER)

    users.change_role(second, Role.ADMIN)
    users.change_role(first, Role.USER)

    assert [user.role for user in users.all()] == [Role.USER, Role.ADMIN]


def test_a_removed_user_is_not_brought_back_by_what_was_under_way(users: UserStore) -> None:
    user = users.add("ala", role=Role.USER)
    users.remove(user)

    users.saw(user.id)
    with pytest.raises(UserNotFound):
        users.set_password(user, "hash")
    with pytest.raises(UserNotFound):
        users.change_role(user, Role.ADMIN)

    assert users.find(user.id) is None
    assert users.add("ala", role=Role.USER).id != user.id
