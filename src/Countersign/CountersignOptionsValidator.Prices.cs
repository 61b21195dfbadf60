namespace Countersign;

partial class CountersignOptionsValidator
{
    static IEnumerable<string> SmsPrices(SmsPriceOptions prices)
    {
        const string Section = "Delivery:SmsPrices";
        if (prices.Currency.Length > 0 && !(prices.Currency.Length == 3 && prices.Currency.All(char.IsAsciiLetterUpper)))
            yield return Error($"{Section}:Currency", $"is '{prices.Currency}'; it is an ISO 4217 code of three capital letters such as EUR.");
        if (!prices.IsSet && (prices.Default != 0 || prices.Countries.Count > 0))
            yield return Error($"{Section}:Currency", "is missing: prices are in one, such as EUR.");
        if (prices.Default is < 0 or > SmsPriceOptions.Max)
            yield return PriceError($"{Section}:Default", prices.Default);
        if (prices.Countries.Count > SmsPriceOptions.MaxCountries)
            yield return Error($"{Section}:Countries", $"has {prices.Countries.Count} entries; it has at most {SmsPriceOptions.MaxCountries}.");

        foreach (var (entry, index) in prices.Countries.Select((entry, index) => (entry, index)))
        {
            if (!IsCountry(entry.Country))
                yield return CountryError($"{Section}:Countries:{index}:Country", entry.Country);
            if (entry.Price is < 0 or > SmsPriceOptions.Max)
                yield return PriceError($"{Section}:Countries:{index}:Price", entry.Price);
        }

        foreach (var country in prices.Countries.GroupBy(entry => entry.Country.ToUpperInvariant()).Where(group => group.Count() > 1).Select(group => group.Key))
            yield return Error($"{Section}:Countries", $"has '{country}' twice.");
    }

    static string PriceError(string name, decimal price) =>
        Error(name, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"is {price}; it is a number from 0 to {SmsPriceOptions.Max}."));
}
